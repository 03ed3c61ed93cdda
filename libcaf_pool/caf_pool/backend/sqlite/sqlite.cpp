#include "caf_pool/backend/sqlite/sqlite.hpp"

#include "caf_pool/backend/option_reader.hpp"
#include "caf_pool/backend/sqlite/sqlite_connection.hpp"
#include "caf_pool/backend/sqlite/sqlite_options.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace caf_pool {

namespace {

/// Names a database in memory as no other one in this process.
std::string new_memory_name() {
  static std::atomic<std::uint64_t> last = 0;
  return "file:/caf_pool_" + std::to_string(++last) + "?vfs=memdb";
}

/// Keeps a database in memory alive while no connection is open.
struct sqlite_anchor {
  std::mutex mutex;
  sqlite_handle handle;
};

class sqlite_backend : public backend {
public:
  explicit sqlite_backend(sqlite_options options)
    : shared_(std::make_shared<sqlite_shared>()) {
    if (options.in_memory())
      shared_->memory_name = new_memory_name();
    shared_->options = std::move(options);
  }

  result<connection_ptr> open(time_point deadline) override {
    if (deadline != never && clock::now() >= deadline)
      return error{
        errc::open_timeout, "the deadline had passed when opening began", {}};
    if (auto why = raise_anchor())
      return why;
    auto conn = std::make_unique<sqlite_connection>(shared_);
    if (auto opened = conn->open(deadline); !opened)
      return opened.error();
    return connection_ptr{std::move(conn)};
  }

  std::string_view kind() const noexcept override {
    return "sqlite";
  }

  std::string describe() const override {
    return "sqlite " + shared_->options.path;
  }

  std::uint32_t max_connections() const noexcept override {
    return shared_->options.in_memory() ? 1 : backend::max_connections();
  }

  /// A database in memory lives as long as the pool, whatever a reload changes.
  void take_over(const sqlite_backend& other) {
    if (!shared_->options.in_memory() || !other.shared_->options.in_memory())
      return;
    shared_->memory_name = other.shared_->memory_name;
    anchor_ = other.anchor_;
  }

private:
  error raise_anchor() {
    std::lock_guard guard{anchor_->mutex};
    if (!shared_->options.in_memory() || anchor_->handle)
      return {};
    auto anchor = open_sqlite_anchor(*shared_);
    if (!anchor)
      return anchor.error();
    anchor_->handle = *std::move(anchor);
    return {};
  }

  std::shared_ptr<sqlite_shared> shared_;
  std::shared_ptr<sqlite_anchor> anchor_ = std::make_shared<sqlite_anchor>();
};

void hand_over(backend& next, const backend& present) {
  auto* to = dynamic_cast<sqlite_backend*>(&next);
  auto* from = dynamic_cast<const sqlite_backend*>(&present);
  if (to != nullptr && from != nullptr)
    to->take_over(*from);
}

} // namespace

result<backend_ptr> make_sqlite(const pool_config& config) {
  std::vector<config_problem> problems;
  option_reader{config, sqlite_option_table(), problems}.refuse_unknown(
    "sqlite");
  auto options = sqlite_options::from(config, problems);
  if (problems.empty())
    return backend_ptr{std::make_shared<sqlite_backend>(std::move(options))};
  return config_error(problems);
}

backend_spec<sqlite_connection> sqlite(const std::string& path) {
  auto config = pool_config{};
  config.backend = "sqlite";
  config.options["path"] = path;
  auto backend = make_sqlite(config);
  if (!backend)
    return {std::move(config), nullptr, backend.error()};
  config.max_size = std::min(config.max_size, (*backend)->max_connections());
  return {std::move(config), *std::move(backend), {}};
}

backend_info sqlite_info() {
  backend_info info;
  info.name = "sqlite";
  info.options = sqlite_option_table();
  info.check = [](const pool_config& config) {
    std::vector<config_problem> problems;
    auto options = sqlite_options::from(config, problems);
    if (options.in_memory() && config.max_size > 1)
      problems.push_back({"max_size",
                          std::to_string(config.max_size),
                          "must be 1 with path = :memory:, which allows one "
                          "connection; several need a file",
                          {}});
    return problems;
  };
  info.make = make_sqlite;
  info.hand_over = hand_over;
  info.reads = {"execute_timeout", "max_result_bytes", "validation_query"};
  return info;
}

} // namespace caf_pool
