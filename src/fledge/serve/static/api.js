// Calls to this server's own API: JSON in, JSON out, errors as sentences for people.

/** What the server refused, or that it could not be reached. */
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
    reply = await fetch(path, {
      method,
      headers: { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new ApiError("The server cannot be reached. Is fledge still running?");
  }
  if (reply.status === 401) location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
  if (!reply.ok) throw new ApiError(await messageOf(reply), reply.status);
  return reply.status === 204 ? null : reply.json();
}

async function messageOf(/** @type {Response} */ reply) {
  try {
    return (await reply.json()).error.message;
  } catch {
    return `The server answered ${reply.status}.`;
  }
}
