// The data of the page: unpacked, and made rows of. What is read here is written by encode.py.

async function read(id) {
  const data = JSON.parse(document.getElementById(id).textContent);
  return data.deflate ? JSON.parse(await inflated(data.deflate)) : data;
}

async function inflated(base64) {
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).text();
}

// A column of ids: as it is, or as `packed` in encode.py has made it.
function idsOf(column) {
  if (Array.isArray(column)) return column;
  const bytes = atob(column.uuids);
  let at = 0;
  return Array.from(column.has, (has) => {
    if (has === "0") return "";
    let hex = "";
    for (const end = at + 16; at < end; at++) hex += bytes.charCodeAt(at).toString(16).padStart(2, "0");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  });
}

function rowsOf(data) {
  const rows = [];
  const troubled = new Set(data.troubled);
  const request = idsOf(data.request);
  const columns = Object.entries(data.ids).map(([name, column]) => [name, idsOf(column)]);
  let cluster = null;
  let lone = 0;
  for (let i = 0; i < data.name.length; i++) {
    const kind = data.kind[i];
    const isCluster = kind === "0";
    const parent = kind === "1" ? cluster : null;
    const ids = {};
    for (const [name, column] of columns) if (column[i]) ids[name] = column[i];
    let at = 0;
    const history = data.at[i].map((later, k) => ({ at: (at += later), state: data.texts[data.did[i][k]] }));
    const row = {
      number: i,
      kind: isCluster ? "cluster" : "node_pool",
      name: data.name[i],
      cluster: isCluster ? data.name[i] : parent ? parent.name : data.texts[data.cluster[lone++]],
      parent,
      pools: [],
      vpc: data.texts[data.vpc[i]],
      state: data.texts[data.state[i]],
      origin: data.texts[data.origin[i]],
      replicas: data.replicas[i],
      request: request[i],
      ids,
      history,
      error: data.error[i] || null,
      isTroubled: troubled.has(i),
      differences: data.differences[i] || null,
      unseen: data.unseen[i] || null,
      status: data.status[i] || "",
    };
    row.title = isCluster ? row.name : `${row.cluster} / ${row.name}`;
    row.sought = [row.title, row.request, ...Object.values(ids)].join("\n").toLowerCase();
    if (isCluster) cluster = row;
    else if (parent) parent.pools.push(row);
    rows.push(row);
  }
  return rows;
}
