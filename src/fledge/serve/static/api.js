// The OpenAI-compatible API of this server, read as a stream.

/** An answer that did not come; the message is for people. */
export class AnswerError extends Error {}

/**
 * Ask for an answer; yields its text as it comes, returns why it ended.
 * @param {string} model
 * @param {{role: string, content: string}[]} messages
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<string, string>}
 */
export async function* answer(model, messages, signal) {
  const reply = await ask({ model, messages, stream: true, truncation: "auto" }, signal);
  let reason = "";
  for await (const data of events(reply.body)) {
    if (data === "[DONE]") return reason;
    const chunk = JSON.parse(data);
    if (chunk.error) throw new AnswerError(chunk.error.message);
    const choice = chunk.choices[0];
    if (choice?.delta.content) yield choice.delta.content;
    if (choice?.finish_reason) reason = choice.finish_reason;
  }
  throw new AnswerError("The connection ended before the answer did.");
}

async function ask(body, signal) {
  let reply;
  try {
    reply = await fetch("/v1/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal,
    });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new AnswerError("The server cannot be reached. Is fledge still running?");
  }
  if (!reply.ok) throw new AnswerError(await messageOf(reply));
  return reply;
}

async function messageOf(/** @type {Response} */ reply) {
  try {
    return (await reply.json()).error.message;
  } catch {
    return `The server answered ${reply.status}.`;
  }
}

/** The data of each server-sent event, however the bytes are cut. */
export async function* events(/** @type {ReadableStream<Uint8Array>} */ body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      buffer += value;
      const parts = buffer.split(/\r?\n\r?\n/);
      buffer = parts.pop();
      for (const part of parts) {
        const lines = part.split(/\r?\n/).filter((line) => line.startsWith("data:"));
        if (lines.length) yield lines.map((line) => line.slice(5).trimStart()).join("\n");
      }
    }
  } finally {
    reader.cancel().catch(() => {}); // closing a finished or aborted stream is no error
  }
}
