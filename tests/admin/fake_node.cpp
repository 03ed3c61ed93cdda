#include "admin/fake_node.hpp"

#include <utility>

namespace caf_pool::test {

std::shared_ptr<fake_node> fake_node::make(std::vector<pool_snapshot> pools) {
  auto result = std::make_shared<fake_node>();
  result->pools_ = std::move(pools);
  result->facts_.phase = node_phase::serving;
  return result;
}

admin_source fake_node::source() {
  admin_source result;
  result.look = [self = shared_from_this()](look_done done) {
    self->look(std::move(done));
  };
  result.node = [self = shared_from_this()] {
    std::lock_guard guard{self->mutex_};
    return self->facts_;
  };
  result.config = [] { return std::string{"{\"config\": true}\n"}; };
  result.name = "fake";
  result.version = "1.2.3";
  return result;
}

void fake_node::pools(std::vector<pool_snapshot> x) {
  std::lock_guard guard{mutex_};
  pools_ = std::move(x);
}

void fake_node::facts(node_facts x) {
  std::lock_guard guard{mutex_};
  facts_ = std::move(x);
}

void fake_node::mute(bool x) {
  std::lock_guard guard{mutex_};
  mute_ = x;
}

void fake_node::answer_all() {
  std::unique_lock guard{mutex_};
  auto open = std::exchange(open_, {});
  auto pools = pools_;
  guard.unlock();
  for (auto& done : open)
    done(pools);
}

void fake_node::look(look_done done) {
  ++looks_;
  std::unique_lock guard{mutex_};
  if (mute_) {
    open_.push_back(std::move(done));
    return;
  }
  auto pools = pools_;
  guard.unlock();
  done(std::move(pools));
}

} // namespace caf_pool::test
