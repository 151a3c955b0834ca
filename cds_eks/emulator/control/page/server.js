// Requests to the emulator's endpoints.

/** An answer that is an error; `field` is what of the request was wrong, if it is known. */
export class Refused extends Error {
  constructor(status, plain) {
    super(plain.Msg ?? `HTTP ${status}`);
    this.status = status;
    this.field = plain.Field ?? "";
  }
}

const seen = new Map();

/** Ask for something; undefined if it is what was answered last time to the same question. */
export async function changed(path) {
  const headers = seen.has(path) ? { "If-None-Match": seen.get(path) } : {};
  const response = await fetch(path, { headers, cache: "no-store" });
  if (response.status === 304) return undefined;
  const plain = await read(response);
  const tag = response.headers.get("ETag");
  if (seen.size > 50) seen.clear();
  if (tag) seen.set(path, tag);
  return plain;
}

export async function get(path) {
  return read(await fetch(path, { cache: "no-store" }));
}

export async function post(path, body = {}) {
  const headers = { "Content-Type": "application/json" };
  return read(await fetch(path, { method: "POST", headers, body: JSON.stringify(body) }));
}

export async function remove(path) {
  return read(await fetch(path, { method: "DELETE" }));
}

/** Forget what was answered, to one question or to all: it is asked for anew. */
export function forget(path) {
  if (path === undefined) seen.clear();
  else seen.delete(path);
}

async function read(response) {
  let plain = {};
  try {
    plain = await response.json();
  } catch {
    plain = {};
  }
  if (!response.ok) throw new Refused(response.status, plain);
  return plain;
}
