// The world as tables.

import { $ } from "./dom.js";
import { Tables, leading, named, status, text, when } from "./table.js";
import { number, t } from "./words.js";

const byId = (row) => row.id;
const created = ["c_created", when((row) => row.created_at)];
const ready = (row) => t("c_ready", { ready: number(row.ready_nodes), all: number(row.nodes) });

export function world() {
  const leadTo = (table) => async (row) => {
    await tables.show(table, row.id);
    tables.panel.focus();
  };
  const tables = new Tables($("world"), "world", {
    clusters: {
      label: "clusters",
      key: byId,
      columns: [
        ["c_name", named],
        ["c_status", status],
        ["c_step", text((row) => row.step ?? row.action ?? "")],
        ["c_pools", leading(
          (row) => number(row.node_pools),
          (row) => t("show_pools", { count: number(row.node_pools), name: row.name }),
          leadTo("node_pools"),
        )],
        ["c_nodes", leading(
          ready,
          (row) => `${ready(row)}: ${t("show_nodes", { count: number(row.nodes), name: row.name })}`,
          leadTo("nodes"),
        )],
        ["c_vpc", text((row) => row.vpc_id)],
        created,
      ],
    },
    node_pools: {
      label: "node_pools",
      key: byId,
      columns: [
        ["c_name", named],
        ["c_status", status],
        ["c_cluster", text((row) => row.cluster_name)],
        ["c_type", text((row) => [row.node_type, row.product].filter(Boolean).join(" · "))],
        ["c_replicas", text((row) => number(row.replicas))],
        ["c_nodes", leading(
          ready,
          (row) => `${ready(row)}: ${t("show_nodes", { count: number(row.nodes), name: row.name })}`,
          leadTo("nodes"),
        )],
        created,
      ],
    },
    nodes: {
      label: "nodes",
      key: byId,
      columns: [
        ["c_name", named],
        ["c_status", status],
        ["c_role", text((row) => row.role)],
        ["c_cluster", text((row) => row.cluster_name)],
        ["c_pool", text((row) => row.node_pool_name)],
        ["c_ip", text((row) => row.ip)],
        created,
      ],
    },
    network_interfaces: {
      label: "network_interfaces",
      key: byId,
      columns: [
        ["c_name", named],
        ["c_status", status],
        ["c_ip", text((row) => row.ip)],
        ["c_on", text((row) => row.ecs_id)],
      ],
    },
    scaling_groups: {
      label: "scaling_groups",
      key: byId,
      columns: [
        ["c_name", named],
        ["c_status", status],
        ["c_pool", text((row) => row.node_pool_name)],
        ["c_bounds", text((row) => `${row.min_size}–${row.max_size}`)],
        ["c_replicas", text((row) => number(row.replicas))],
      ],
    },
    tasks: {
      label: "tasks",
      key: byId,
      order: "newest",
      columns: [
        ["c_action", (cell, row) => named(cell, { name: row.action, id: row.id })],
        ["c_status", status],
        ["c_message", text((row) => row.message)],
        ["c_about", text((row) => row.cluster_id)],
      ],
    },
    events: {
      label: "events",
      key: byId,
      order: "newest",
      columns: [
        ["c_action", (cell, row) => named(cell, { name: row.action, id: row.id })],
        ["c_status", status],
        ["c_about", text((row) => row.resource_id)],
        created,
      ],
    },
    resources: {
      label: "resources_world",
      key: byId,
      columns: [["c_name", named], ["c_kind", text((row) => row.kind)], ["c_status", status], created],
    },
  });
  return tables;
}
