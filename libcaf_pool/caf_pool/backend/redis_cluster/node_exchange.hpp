#pragma once

#include "caf_pool/backend/backend.hpp"
#include "caf_pool/backend/redis_cluster/batch_splitter.hpp"
#include "caf_pool/core/redis_value.hpp"
#include "caf_pool/core/result.hpp"
#include "caf_pool/core/time.hpp"

#include <vector>

namespace caf_pool::cluster {

/// What a node made of a batch.
struct node_answer {
  /// For each command.
  std::vector<result<redis_value>> replies;
  /// Why there are none; of a transaction why it was not carried out.
  error refused = {};
};

/// A batch, the connection to its node, and what came of it.
struct shipment {
  connection* node = nullptr;
  const batch* what = nullptr;
  node_answer answer = {};
};

/// Sends commands to their nodes, behind ASKING if need be, and waits for the
/// replies. All nodes work at the same time: what goes to the last is sent
/// before the first reply is read.
///
/// Thread-safety: any thread.
void exchange_all(std::vector<shipment>& all, time_point deadline);

} // namespace caf_pool::cluster
