// The ledger: what was created, by which request and how often, and the requests that came.

import { $, part, setText } from "./dom.js";
import { Tables, named, text, when } from "./table.js";
import { number, t } from "./words.js";

/** What the client does not know: nobody waits for the answer to what the network delivers again. */
const fate = (request) => (request.repeated ? t("repeated") : request.lost && t("answer_lost"));

function byRequest(cell, row) {
  const { request } = row;
  setText(part(cell, "span", "request"), request ? `#${request.index} ${request.action}` : t("forgotten"));
  const facts = request
    ? [request.sent > 1 && t("sent", { count: number(request.sent) }), request.fault, fate(request)]
    : [];
  setText(part(cell, "small", "soft"), facts.filter(Boolean).join(" · "));
}

function times(cell, row) {
  const told = part(cell, "span", "often");
  told.dataset.tone = row.times > 1 ? "bad" : "other";
  setText(told, t("times", { count: number(row.times) }));
}

function answer(cell, row) {
  const pill = part(cell, "span", "status");
  pill.dataset.tone = row.status === 0 ? "other" : row.status < 400 ? "good" : row.status < 500 ? "warn" : "bad";
  setText(pill, row.status ? `${row.status} ${row.code}`.trim() : t("no_answer"));
}

const outcome = (row) =>
  [t(row.committed ? "committed" : "not_committed"), fate(row)].filter(Boolean).join(" · ");

export function ledger() {
  const tables = new Tables($("ledger"), "ledger", {
    resources: {
      label: "resources",
      key: (row) => row.id,
      order: "newest",
      columns: [
        ["c_name", named],
        ["c_kind", text((row) => row.kind)],
        ["c_times", times],
        ["c_request", byRequest],
        ["c_created", when((row) => row.created_at)],
        ["c_gone", when((row) => row.deleted_at)],
      ],
    },
    requests: {
      label: "requests",
      key: (row) => row.index,
      order: "newest",
      columns: [
        ["c_number", text((row) => `#${row.index}`)],
        ["c_time", when((row) => row.at)],
        ["c_action", text((row) => row.action || row.method)],
        ["c_answer", answer],
        ["c_outcome", text(outcome)],
        ["c_fault", text((row) => row.fault)],
        ["c_made", text((row) => (row.created.length ? number(row.created.length) : ""))],
      ],
    },
  });
  tables.onCounts = ({ twice }) => {
    const warning = $("twice");
    warning.hidden = !twice;
    setText(warning, twice === 1 ? t("twice_one") : t("twice", { count: number(twice) }));
  };
  return tables;
}
