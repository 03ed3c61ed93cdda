#include "caf_pool/backend/postgres/postgres.hpp"

#include "caf_pool/backend/option_reader.hpp"
#include "caf_pool/backend/postgres/pg_connection.hpp"
#include "caf_pool/backend/postgres/pg_open.hpp"
#include "caf_pool/backend/postgres/pg_options.hpp"
#include "caf_pool/backend/postgres/pg_prober.hpp"
#include "caf_pool/net/bell.hpp"

#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace caf_pool {

namespace {

class postgres_backend final : public backend {
public:
  explicit postgres_backend(pg_options options)
    : options_(std::make_shared<const pg_options>(std::move(options))),
      prober_(pg_prober::of(*options_)) {
    // nop
  }

  result<connection_ptr> open(time_point deadline) override {
    return open_unless({}, deadline);
  }

  result<connection_ptr> open_unless(std::stop_token called_off,
                                     time_point deadline) override {
    auto session = log_in(called_off, deadline);
    if (!session)
      return session.error();
    auto dog = find_watchdog();
    if (!dog)
      return error{errc::open_failed,
                   "no thread left to mind the deadlines of statements; raise "
                   "the limit of threads",
                   {}};
    auto result = std::make_unique<pg_connection>(options_, *std::move(session),
                                                  std::move(dog), proofs_);
    if (auto ok = set_up(*result, called_off, deadline); !ok)
      return ok.error();
    return connection_ptr{std::move(result)};
  }

  result<void> reachable(time_point deadline) override {
    return prober_->look(*options_, deadline);
  }

  std::string_view kind() const noexcept override {
    return "postgres";
  }

  std::string describe() const override {
    return "postgres " + options_->describe();
  }

private:
  static result<void> set_up(pg_connection& fresh,
                             const std::stop_token& called_off,
                             time_point deadline) {
    auto cut = std::stop_callback{called_off, [&] { fresh.abort(); }};
    auto done = fresh.set_up(deadline);
    if (called_off.stop_requested())
      return opening_called_off();
    return done;
  }

  result<pg_session> log_in(const std::stop_token& called_off,
                            time_point deadline) try {
    bell withdrawn;
    auto ring = std::stop_callback{called_off, [&] { withdrawn.ring(); }};
    return pg_open(*options_, deadline, withdrawn);
  } catch (const std::system_error& x) {
    return no_descriptor_left(x);
  }

  // Making a backend starts no thread, opening the first connection does.
  std::shared_ptr<pg_watchdog> find_watchdog() {
    std::lock_guard guard{mtx_};
    try {
      if (!dog_)
        dog_ = std::make_shared<pg_watchdog>();
    } catch (const std::system_error&) {
      // Reported by the caller.
    }
    return dog_;
  }

  std::shared_ptr<const pg_options> options_;
  std::shared_ptr<pg_prober> prober_;
  std::shared_ptr<pg_proofs> proofs_ = std::make_shared<pg_proofs>();
  std::mutex mtx_;
  std::shared_ptr<pg_watchdog> dog_;
};

std::vector<config_problem> check(const pool_config& config) {
  std::vector<config_problem> result;
  pg_options::from(config, result);
  return result;
}

} // namespace

backend_info postgres_info() {
  return {"postgres",
          pg_option_table(),
          check,
          make_postgres,
          {"max_result_bytes", "validation_query"},
          {}};
}

result<backend_ptr> make_postgres(const pool_config& config) {
  std::vector<config_problem> problems;
  option_reader{config, pg_option_table(), problems}.refuse_unknown("postgres");
  auto options = pg_options::from(config, problems);
  if (!problems.empty())
    return config_error(problems);
  return backend_ptr{std::make_shared<postgres_backend>(std::move(options))};
}

backend_spec<postgres_connection> postgres(std::string_view url) {
  auto config = parse_postgres_url(url);
  if (!config)
    return {{}, nullptr, config.error()};
  config->backend = "postgres";
  return make_spec<postgres_connection>(*config, make_postgres(*config));
}

pqxx_connection& pg_native(connection& x) {
  return dynamic_cast<pg_connection&>(x).native();
}

PGconn* pg_raw(connection& x) noexcept {
  auto* ours = dynamic_cast<pg_connection*>(&x);
  return ours != nullptr ? ours->raw() : nullptr;
}

std::vector<pg_notice> pg_take_notices(connection& x) {
  auto* ours = dynamic_cast<pg_connection*>(&x);
  return ours != nullptr ? ours->take_notices() : std::vector<pg_notice>{};
}

} // namespace caf_pool
