#include "caf_pool/backend/sqlite/sqlite_options.hpp"

#include "caf_pool/backend/option_reader.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

namespace caf_pool {

namespace {

constexpr std::string_view mode_names[] = {"create", "write", "read"};
constexpr std::string_view synchronous_names[]
  = {"off", "normal", "full", "extra"};

constexpr std::uint64_t max_cache_bytes = std::uint64_t{1} << 40;
constexpr std::uint32_t max_statement_cache = 10'000;

/// Returns what is wrong with a path; empty if nothing is.
std::string wrong_with(const std::string& path) {
  if (path.empty())
    return "must name a file, or be :memory:";
  // SQLite may be built such that it takes these for URIs, whose parameters
  // would bypass the options here.
  if (path.starts_with("file:"))
    return "must be a plain path, not a URI; the other options say the rest";
  if (path != ":memory:" && path.starts_with(':'))
    return "must not begin with a colon, which SQLite reserves; write ./"
           + path;
  return {};
}

void read_path(option_reader& in, sqlite_options& out) {
  out.path = in.text("path");
  if (auto wrong = wrong_with(out.path); !wrong.empty()) {
    in.refuse("path", std::move(wrong));
    out.path = ":memory:";
  }
  if (out.in_memory())
    return;
  // Connections are opened later, too, when the process may have gone into
  // another folder.
  std::error_code ec;
  auto full = std::filesystem::absolute(out.path, ec);
  if (ec)
    in.refuse("path",
              "cannot be made absolute, because the current folder is gone: "
                + ec.message());
  else
    out.path = full.string();
}

} // namespace

std::span<const std::string_view> names_of(sqlite_mode) {
  return mode_names;
}

std::span<const std::string_view> names_of(sqlite_synchronous) {
  return synchronous_names;
}

std::vector<backend_option> sqlite_option_table() {
  return {
    {"path", ":memory:",
     "The database file, or :memory: for a database that lives as long as the "
     "pool and allows one connection."},
    {"mode", "create",
     "create makes a file that is missing, write needs it, read does not "
     "write."},
    {"wal", "true",
     "Use the write-ahead log, so that readers and a writer do not block each "
     "other; false leaves the file as it is."},
    {"synchronous", "full",
     "What is flushed before a commit returns: off, normal, full or extra; "
     "normal may lose the last commits when the power fails."},
    {"foreign_keys", "true", "Enforce foreign keys."},
    {"cache_bytes", "2000000", "Page cache of each connection, in bytes."},
    {"statement_cache", "100",
     "Prepared statements that each connection keeps; 0 keeps none."},
    {"attach", "false",
     "Let statements open other files: ATTACH and VACUUM INTO."},
    {"init", "", "Statements that each new connection runs first."},
  };
}

sqlite_options sqlite_options::from(const pool_config& config,
                                    std::vector<config_problem>& problems) {
  sqlite_options result;
  option_reader in{config, sqlite_option_table(), problems};
  read_path(in, result);
  result.mode = in.choice<sqlite_mode>("mode");
  result.wal = in.flag("wal");
  result.synchronous = in.choice<sqlite_synchronous>("synchronous");
  result.foreign_keys = in.flag("foreign_keys");
  result.cache_bytes
    = in.number<std::uint64_t>("cache_bytes", 0, max_cache_bytes);
  result.statement_cache
    = in.number<std::uint32_t>("statement_cache", 0, max_statement_cache);
  result.attach = in.flag("attach");
  result.init = in.text("init");
  result.max_result_bytes = config.max_result_bytes;
  if (!config.validation_query.empty())
    result.validation_query = config.validation_query;
  result.busy_limit = config.execute_timeout;
  if (result.in_memory() && result.read_only())
    in.refuse("mode", "a database in memory would stay empty");
  return result;
}

} // namespace caf_pool
