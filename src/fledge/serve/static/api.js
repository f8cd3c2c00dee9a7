// Calls to this server's own API: JSON in, JSON out, errors as sentences for people.

import { herePath, rooted } from "./root.js";

/** Error of a refused request, or of a server that cannot be reached. */
export class ApiError extends Error {
  /**
   * @param {string} message
   * @param {number} [status] 0 where there was no answer
   */
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

/**
 * @param {"GET" | "POST" | "PATCH" | "PUT" | "DELETE"} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<any>} the JSON of the answer; null where it has none
 * @throws {ApiError}
 */
export async function call(method, path, body) {
  let reply;
  try {
    reply = await fetch(rooted(path), {
      method,
      headers: { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new ApiError("Can't reach the server. Is fledge still running?");
  }
  if (reply.status === 401) location.assign(rooted(`/login?next=${encodeURIComponent(herePath())}`));
  if (!reply.ok) throw new ApiError(await messageOf(reply), reply.status);
  return reply.status === 204 ? null : reply.json();
}

/** Return the error of a refused request as a sentence for people. */
export async function messageOf(/** @type {Response} */ reply) {
  try {
    return sentence((await reply.json()).error.message);
  } catch {
    return `The server returned an error (${reply.status}). Try again.`;
  }
}

/** Capitalise an error's first letter and end it with a full stop. */
export function sentence(/** @type {string} */ text) {
  const capitalised = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(capitalised) ? capitalised : `${capitalised}.`;
}
