#include "caf_pool/backend/sqlite/sqlite_options.hpp"

#include "caf_pool/settings/setting_text.hpp"

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

/// Reads options one by one and collects what is wrong.
class reader {
public:
  reader(const pool_config& config, std::vector<config_problem>& problems)
    : config_(config), problems_(problems) {
    // nop
  }

  const std::string* find(const std::string& key) const {
    auto i = config_.options.find(key);
    return i == config_.options.end() ? nullptr : &i->second;
  }

  void problem(const std::string& key, std::string value, std::string text) {
    problems_.push_back({key, std::move(value), std::move(text), {}});
  }

  void read(const std::string& key, bool& out) {
    read_as<bool>(key, out, "must be true or false");
  }

  template <setting_enum T>
  void read(const std::string& key, T& out) {
    auto* text = find(key);
    if (text == nullptr)
      return;
    if (auto x = enum_from_string<T>(*text))
      out = *x;
    else
      problem(key, *text, "must be " + join_choices(names_of(out)));
  }

  template <std::unsigned_integral T>
  void read(const std::string& key, T& out, T limit) {
    auto before = out;
    auto range = "must be from 0 to " + std::to_string(limit);
    read_as<T>(key, out, range);
    if (out > limit) {
      problem(key, std::to_string(std::exchange(out, before)), range);
    }
  }

private:
  template <class T>
  void read_as(const std::string& key, T& out, const std::string& range) {
    auto* text = find(key);
    if (text == nullptr)
      return;
    if (auto x = parse_setting<T>(*text))
      out = *x;
    else
      problem(key, *text, range);
  }

  const pool_config& config_;
  std::vector<config_problem>& problems_;
};

/// Returns what is wrong with a path; empty if nothing is.
std::string wrong_with(const std::string& path) {
  if (path.empty())
    return "must name a file, or be :memory:";
  if (path.find('\0') != path.npos)
    return "must not contain a NUL";
  // SQLite may be built such that it takes these for URIs, whose parameters
  // would bypass the options here.
  if (path.starts_with("file:"))
    return "must be a plain path, not a URI; the other options say the rest";
  if (path != ":memory:" && path.starts_with(':'))
    return "must not begin with a colon, which SQLite reserves; write ./"
           + path;
  return {};
}

void read_path(reader& in, sqlite_options& out) {
  auto* text = in.find("path");
  if (text == nullptr)
    return;
  if (auto wrong = wrong_with(*text); !wrong.empty()) {
    in.problem("path", *text, std::move(wrong));
    return;
  }
  out.path = *text;
  if (out.in_memory())
    return;
  // Connections are opened later, too, when the process may have gone into
  // another folder.
  std::error_code ec;
  auto full = std::filesystem::absolute(*text, ec);
  if (ec)
    in.problem("path", *text,
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

std::vector<backend_option> sqlite_option_list() {
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

std::vector<config_problem> read_sqlite_options(const pool_config& config,
                                                sqlite_options& out) {
  std::vector<config_problem> problems;
  reader in{config, problems};
  read_path(in, out);
  in.read("mode", out.mode);
  in.read("wal", out.wal);
  in.read("synchronous", out.synchronous);
  in.read("foreign_keys", out.foreign_keys);
  in.read("cache_bytes", out.cache_bytes, max_cache_bytes);
  in.read("statement_cache", out.statement_cache, max_statement_cache);
  in.read("attach", out.attach);
  if (auto* text = in.find("init"))
    out.init = *text;
  out.max_result_bytes = config.max_result_bytes;
  if (!config.validation_query.empty())
    out.validation_query = config.validation_query;
  out.patience = config.execute_timeout;
  if (out.in_memory() && out.read_only())
    in.problem("mode", "read", "a database in memory would stay empty");
  return problems;
}

} // namespace caf_pool
