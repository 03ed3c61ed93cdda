#pragma once

#include "caf_pool/admin/source.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace caf_pool::test {

/// Stands for a node with pools: plain values behind an `admin_source`.
///
/// Thread-safety: all members from any thread.
class fake_node : public std::enable_shared_from_this<fake_node> {
public:
  static std::shared_ptr<fake_node> make(std::vector<pool_snapshot> pools);

  admin_source source();

  void pools(std::vector<pool_snapshot> x);

  void facts(node_facts x);

  /// From now on, looks stay without an answer until `answer_all`.
  void mute(bool x);

  /// Answers the looks that were left without.
  void answer_all();

  std::size_t looks() const {
    return looks_;
  }

private:
  void look(look_done done);

  std::mutex mutex_;
  std::vector<pool_snapshot> pools_;
  node_facts facts_;
  bool mute_ = false;
  std::vector<look_done> open_;
  std::atomic<std::size_t> looks_{0};
};

} // namespace caf_pool::test
