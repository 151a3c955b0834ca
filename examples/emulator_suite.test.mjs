// A suite in Node against the emulator: `node --test examples/emulator_suite.test.mjs`, nothing to install.
// PYTHON names the interpreter that has cds-eks[emulator]; by default it is `python`.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { once } from "node:events";
import { after, before, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";

const config = fileURLToPath(new URL("emulator_world.toml", import.meta.url));
let emulator, endpoint, keyId, secret;

// It says where it is, and its keys, when all is there: no port to choose, nothing to wait for.
before(async () => {
  const options = ["-m", "cds_eks.emulator", "--config", config, "--port", "0"];
  emulator = spawn(process.env.PYTHON ?? "python", options, { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  for await (const piece of emulator.stdout) {
    said += piece;
    if (/^export CDS_SECRET_KEY=.*\n/m.test(said)) break;
  }
  const told = Object.fromEntries([...said.matchAll(/^export (\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]));
  endpoint = `${told.CDS_API_SCHEMA}://${told.CDS_API_HOST}`;
  [keyId, secret] = [told.CDS_SECRET_ID, told.CDS_SECRET_KEY];
});

after(async () => {
  if (emulator.exitCode === null && emulator.kill()) await once(emulator, "exit");
});

beforeEach(async () => {
  await control("POST", "reset");
});

async function control(method, path, body = {}) {
  const sent = method === "POST" ? { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) } : {};
  const response = await fetch(`${endpoint}/_emulator/${path}`, { method, ...sent });
  const plain = await response.json();
  assert.ok(response.ok, plain.Msg);
  return plain;
}

// encodeURIComponent leaves five characters that the signature's rule does not.
const quote = (text) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

async function call(method, action, params = {}, body = undefined) {
  const query = {
    ...params,
    Action: action,
    Version: "2019-08-08", // always: what a request looks like tells the revision
    AccessKeyId: keyId,
    SignatureMethod: "HMAC-SHA1",
    SignatureVersion: "1.0",
    SignatureNonce: randomUUID(),
    Timestamp: new Date().toISOString().replace(/\.\d+Z$/, "Z"),
  };
  const pairs = Object.keys(query).sort().map((name) => `${quote(name)}=${quote(query[name])}`).join("&");
  const signature = createHmac("sha1", secret).update(`${method}&%2F&${quote(pairs)}`).digest("base64");
  const response = await fetch(`${endpoint}/eks/v1?${pairs}&Signature=${quote(signature)}`, {
    method,
    ...(body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
  });
  return { status: response.status, ...(await response.json()) };
}

test("clusters are listed by a part of their name", async () => {
  const { Data } = await call("GET", "ListClusters", { Keyword: "gpu-" });
  assert.deepEqual(Data.map((each) => each.ClusterId), ["cluster-1", "cluster-2", "cluster-3"]);
  assert.deepEqual((await call("GET", "ListClusters", { Keyword: "(it's) a*b!" })).Data, []);
});

test("a cluster that is deleted is gone after some minutes, which pass at once", async () => {
  assert.equal((await call("POST", "DeleteCluster", {}, { ClusterId: "cluster-1" })).status, 200);
  await control("POST", "clock", { advance: 900 });
  assert.equal((await call("GET", "GetCluster", { ClusterId: "cluster-1" })).status, 404);
});

test("a fault applies as often as it is to", async () => {
  await control("POST", "faults", { kind: "status", action: "ListClusters", status: 503, count: 1 });
  assert.equal((await call("GET", "ListClusters")).status, 503);
  assert.equal((await call("GET", "ListClusters")).status, 200);
});

test("what was created is in the ledger, though its answer was lost", async () => {
  await control("POST", "faults/1", { enabled: false }); // the first one of the file
  await control("POST", "faults", { fault: "CreateNetworkInterface:reset_after_commit:count=1" });
  await assert.rejects(call("POST", "CreateNetworkInterface", {}, { SubnetId: "subnet-1" }));
  const { resources } = await control("GET", "ledger");
  assert.deepEqual(resources.map((each) => each.kind), ["network_interface"]);
});
