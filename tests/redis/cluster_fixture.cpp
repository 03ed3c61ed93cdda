#include "redis/cluster_fixture.hpp"

#include "caf_pool/backend/redis_cluster/slot_of.hpp"

#include "support/eventually.hpp"

#include <numeric>

namespace caf_pool::test {

private_redis_cluster& fine_cluster() {
  auto& result = private_redis_cluster::shared();
  if (!result.wait_until_ok())
    throw std::runtime_error{"the cluster is not fine"};
  return result;
}

backend_spec<redis_cluster_connection> cluster_spec(std::uint32_t size) {
  std::vector<std::uint16_t> ports;
  for (auto* node : private_redis_cluster::shared().nodes())
    ports.push_back(node->port());
  return cluster_spec_of(ports, {}, size);
}

backend_spec<redis_cluster_connection> cluster_spec_of(
  const std::vector<std::uint16_t>& ports, const std::string& options,
  std::uint32_t size) {
  auto url = std::string{"redis://"};
  for (auto port : ports)
    url
      += (url.back() == '/' ? "" : ",") + ("127.0.0.1:" + std::to_string(port));
  auto result = redis_cluster(url + options).size(size);
  // A busy machine is slower than any pool should be.
  result.config.acquire_timeout = patience;
  result.config.execute_timeout = patience;
  result.config.open_timeout = patience;
  return result;
}

std::vector<std::string> keys_everywhere(const std::string& prefix,
                                         std::size_t count) {
  std::vector<std::string> result;
  auto width = cluster::slot_count / count;
  for (std::size_t i = 0, n = 0; i < count; ++n)
    if (auto key = prefix + std::to_string(n);
        cluster::slot_of(key) / width == i) {
      result.push_back(std::move(key));
      ++i;
    }
  return result;
}

std::string key_in(std::uint16_t slot) {
  for (std::size_t i = 0;; ++i)
    if (auto key = "k" + std::to_string(i); cluster::slot_of(key) == slot)
      return key;
}

std::uint64_t calls_of(const std::string& command,
                       const std::vector<private_redis*>& nodes) {
  std::uint64_t result = 0;
  for (auto* node : nodes) {
    auto text = node->query({"INFO", "commandstats"});
    auto mark = "cmdstat_" + command + ":calls=";
    if (auto at = text.find(mark); at != text.npos)
      result += std::stoull(text.substr(at + mark.size()));
  }
  return result;
}

// -- incrementing -------------------------------------------------------------

incrementing::incrementing(pool<redis_cluster_connection>& cache,
                           std::size_t callers, std::vector<std::string> keys)
  : cache_(cache),
    keys_(std::move(keys)),
    answered_(keys_.size()),
    unknown_(keys_.size()) {
  for (auto& key : keys_)
    cache_.command("DEL", key).value();
  for (std::size_t i = 0; i < callers; ++i)
    threads_.emplace_back([this, i] { run(i); });
}

incrementing::~incrementing() {
  stop();
}

void incrementing::stop() {
  stopped_ = true;
  for (auto& x : threads_)
    x.join();
  threads_.clear();
}

void incrementing::run(std::size_t number) {
  for (auto i = number; !stopped_; i = (i + 1) % keys_.size()) {
    auto at = i % keys_.size();
    auto done = cache_.command<std::int64_t>("INCR", keys_[at]);
    if (done) {
      ++answered_[at];
    } else if (done.error().code == errc::outcome_unknown) {
      ++unknown_[at];
    } else if (errors_++ == 0) {
      auto lock = std::lock_guard{mutex_};
      first_error_ = to_string(done.error());
    }
  }
}

std::uint64_t incrementing::answered() const {
  return std::accumulate(answered_.begin(), answered_.end(), std::uint64_t{0});
}

std::uint64_t incrementing::unknown() const {
  return std::accumulate(unknown_.begin(), unknown_.end(), std::uint64_t{0});
}

void incrementing::check_sums() {
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    auto sum = static_cast<std::uint64_t>(
      cache_.command<std::optional<std::int64_t>>("GET", keys_[i])
        .value()
        .value_or(0));
    CAPTURE(keys_[i], sum, answered_[i].load(), unknown_[i].load());
    CHECK(sum >= answered_[i]);
    CHECK(sum <= answered_[i] + unknown_[i]);
  }
}

} // namespace caf_pool::test
