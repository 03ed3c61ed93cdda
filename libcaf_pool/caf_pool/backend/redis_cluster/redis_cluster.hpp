#pragma once

#include "caf_pool/backend/backend.hpp"
#include "caf_pool/backend/redis_cluster/redis_cluster_connection.hpp"
#include "caf_pool/backend/registry.hpp"
#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/core/result.hpp"

#include <string_view>

namespace caf_pool {

/// Describes a Redis or Valkey cluster for a pool in the program:
///
/// ~~~
/// caf_pool::pool cache{caf_pool::redis_cluster("redis://h1:7000,h2:7001")};
/// cache.command("SET", "user:7", "Ann").value();
/// ~~~
///
/// The hosts are those to ask first; one that answers is enough. All else that
/// `redis` promises holds, and:
///
/// - Each command goes to the node that its keys lie on. Keys of one command,
///   and of one transaction, lie in one slot: what does not is an error with
///   the state "CROSSSLOT" before anything is sent. With `cluster_split=true`
///   MGET, MSET, DEL, UNLINK, EXISTS and TOUCH are cut by slot, and are not
///   atomic then.
/// - A pipeline is split by node, and its replies come in the order of the
///   commands. Commands that share a key keep their order, others need not.
/// - Slots that move and nodes that fail over are no errors: what took no
///   effect is sent where it belongs, within the limit of the call. A command
///   that was sent and not answered is `outcome_unknown` unless it only reads.
/// - Each node has connections, delays and a breaker of its own: one that is
///   down disturbs the others' slots in nothing. `max_size` bounds the calls
///   under way, and so the connections to each node. Limits of connections and
///   of failures are those of the pool when it was made.
/// - SELECT and whatever else changes a session is refused. WATCH keeps one
///   node's connection for the holder of a lease.
backend_spec<redis_cluster_connection> redis_cluster(std::string_view url);

/// Makes the backend of a pool with `cluster = true`. Touches no network.
/// Returns `config_invalid` with all problems of the options.
result<backend_ptr> make_redis_cluster(const pool_config& config);

/// Names the kind for configuration files: a server or, with `cluster = true`,
/// a cluster.
backend_info redis_server_or_cluster_info();

} // namespace caf_pool
