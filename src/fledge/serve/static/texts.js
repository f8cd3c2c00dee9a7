// Reads text files in any common encoding.

/**
 * Return the text of a file.
 * @param {File} file
 * @throws {Error} if it is no text file
 */
export async function textOf(file) {
  const text = decoded(new Uint8Array(await file.arrayBuffer()));
  if (text.includes("\0") || text.startsWith("%PDF-")) {
    throw new Error(`${file.name} is not a text file. Save it as plain text or Markdown first.`);
  }
  return text;
}

function decoded(/** @type {Uint8Array} */ bytes) {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes); // older Western European files
  }
}
