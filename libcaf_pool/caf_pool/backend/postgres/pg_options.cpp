#include "caf_pool/backend/postgres/pg_options.hpp"

#include "caf_pool/backend/option_reader.hpp"
#include "caf_pool/core/ascii.hpp"

#include <arpa/inet.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <pwd.h>
#include <sstream>
#include <utility>

namespace caf_pool {

namespace {

constexpr std::string_view ssl_modes[]
  = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"};

constexpr std::string_view session_kinds[]
  = {"any", "read-write", "read-only", "primary", "standby"};

constexpr std::string_view pooler_kinds[]
  = {"auto", "none", "session", "transaction"};

constexpr std::string_view prepare_kinds[] = {"auto", "always", "never"};

constexpr const char* date_style = "ISO, MDY";

std::string user_of_process() {
  std::array<char, 4096> buf;
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(::geteuid(), &entry, buf.data(), buf.size(), &found) == 0
      && found != nullptr)
    return found->pw_name;
  return {};
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), is_control);
}

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
         || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_'
         || static_cast<unsigned char>(c) >= 0x80;
}

bool is_ipv6(const std::string& host) {
  in6_addr unused;
  auto address = host.substr(0, host.find('%'));
  return ::inet_pton(AF_INET6, address.c_str(), &unused) == 1;
}

// Says what is wrong with one host of the list; empty if nothing is.
const char* flaw_of(const std::string& host) {
  if (host.empty())
    return "must not have an empty entry in its list";
  if (has_control(host))
    return "must not have control characters";
  if (pg_is_unix(host))
    return "";
  if (host.find('@') != host.npos || host.find("://") != host.npos)
    return "must be a host alone: user, password, port and database have keys of their own";
  if (host.find(' ') != host.npos)
    return "must not have blanks; separate several hosts by commas";
  if (host.find_first_of("[]") != host.npos)
    return "must be an IPv6 address without brackets";
  if (host.find(':') != host.npos)
    return is_ipv6(host) ? "" : "must not have a port; use the key port";
  if (!std::all_of(host.begin(), host.end(), is_name_char))
    return "must be a name, an address or the directory of a unix socket";
  return "";
}

void read_hosts(option_reader& in, pg_options& out) {
  auto text = in.text("host");
  std::string_view rest = text;
  for (;;) {
    std::string host{rest.substr(0, rest.find(','))};
    if (std::string flaw = flaw_of(host); !flaw.empty()) {
      // Not shown: it may hold a password.
      in.refuse_unseen("host", flaw);
      return;
    }
    rest.remove_prefix(host.size());
    out.hosts.push_back(std::move(host));
    if (rest.empty())
      return;
    rest.remove_prefix(1);
  }
}

void read_login(option_reader& in, const pool_config& config, pg_options& out) {
  out.port = in.number<std::uint16_t>("port", 1, 65535);
  out.user = in.text("user");
  if (out.user.empty())
    out.user = user_of_process();
  if (out.user.empty())
    in.refuse("user",
              "must be given, because the operating system's user "
              "has no name");
  out.database = in.text("database");
  if (out.database.empty())
    out.database = out.user;
  out.password = config.password;
  out.passfile = in.text("passfile");
  if (!out.password.empty() && !out.passfile.empty())
    in.refuse("passfile", "must not be given together with a password");
  out.application_name = in.text("application_name");
  if (out.application_name.empty())
    out.application_name = "caf_pool/" + config.name;
  out.target_session_attrs = in.word("target_session_attrs", session_kinds);
  out.startup_options = in.flag("startup_options");
  out.search_path = in.text("search_path");
  out.init = in.text("init");
  out.pooler = in.word("pooler", pooler_kinds);
  out.prepare = in.word("prepare", prepare_kinds);
}

void read_tls(option_reader& in, pg_options& out) {
  out.sslmode = in.word("sslmode", ssl_modes);
  out.sslrootcert = in.text("sslrootcert");
  out.sslcert = in.text("sslcert");
  out.sslkey = in.text("sslkey");
  if (out.sslcert.empty() != out.sslkey.empty())
    in.refuse(out.sslcert.empty() ? "sslcert" : "sslkey",
              "must be given, too: certificate and key belong together");
  auto insecure = in.flag("insecure_tls");
  if (insecure || out.sslmode.empty() || out.sslmode == "verify-full")
    return;
  for (auto& host : out.hosts)
    if (!pg_is_unix(host) && !is_loopback(host))
      in.refuse("sslmode", "must be verify-full for \"" + host
                   + "\", which is reached over the network: anything less "
                     "lets others read along or answer in its place; set "
                     "insecure_tls = \"true\" if you accept that");
}

void read_limits(option_reader& in, const pool_config& config,
                 pg_options& out) {
  constexpr duration ms = std::chrono::milliseconds{1};
  constexpr duration s = std::chrono::seconds{1};
  constexpr duration day = std::chrono::hours{24};
  out.statement_timeout = in.time("statement_timeout", ms, day);
  out.lock_timeout = in.time("lock_timeout", ms, day);
  out.idle_in_transaction_timeout
    = in.time("idle_in_transaction_timeout", ms, day);
  out.tcp_user_timeout = in.time("tcp_user_timeout", ms, day);
  out.keepalives_idle = in.time("keepalives_idle", s, day);
  out.keepalives_interval = in.time("keepalives_interval", s, day);
  out.keepalives_count = in.number<std::uint32_t>("keepalives_count", 1, 100);
  out.statement_cache = in.number<std::uint32_t>("statement_cache", 0, 100'000);
  out.prepare_after = in.number<std::uint32_t>("prepare_after", 0, 1'000'000);
  out.max_result_bytes = config.max_result_bytes;
  out.validation_query = config.validation_query;
}

std::string in_quotes(std::string_view text, char quote) {
  std::string result{quote};
  for (auto c : text) {
    if (c == quote)
      result += c;
    result += c;
  }
  return result + quote;
}

// Each schema of the list is quoted, so that none is more than a name.
std::string quoted_list(const std::string& names) {
  std::string result;
  std::istringstream list{names};
  for (std::string name; std::getline(list, name, ',');) {
    auto first = name.find_first_not_of(" \"");
    auto last = name.find_last_not_of(" \"");
    if (first != std::string::npos)
      result += (result.empty() ? "" : ", ")
                + in_quotes(name.substr(first, last - first + 1), '"');
  }
  return result;
}

// Sets what the server knows, and leaves out the rest.
std::string set_known(
  const std::vector<std::pair<std::string, std::string>>& settings) {
  std::string list;
  for (auto& [name, value] : settings)
    list += (list.empty() ? "('" : ",('") + name + "','" + value + "')";
  return "SELECT pg_catalog.set_config(s.name, x.value, false) FROM (VALUES "
         + list
         + ") AS x (name, value) JOIN pg_catalog.pg_settings AS s ON "
           "s.name = x.name;";
}

} // namespace

pg_options pg_options::from(const pool_config& config,
                            std::vector<config_problem>& problems) {
  pg_options result;
  option_reader in{config, pg_option_table(), problems};
  read_hosts(in, result);
  read_login(in, config, result);
  read_tls(in, result);
  read_limits(in, config, result);
  return result;
}

std::string pg_options::sslmode_for(std::string_view host) const {
  if (!sslmode.empty())
    return sslmode;
  return pg_is_unix(host) || is_loopback(host) ? "prefer" : "verify-full";
}

std::vector<std::pair<std::string, std::string>> pg_options::session_settings()
  const {
  std::vector<std::pair<std::string, std::string>> result;
  auto add_limit = [&result](const char* name, duration limit) {
    auto ms = std::chrono::ceil<std::chrono::milliseconds>(limit).count();
    if (ms > 0)
      result.emplace_back(name, std::to_string(ms));
  };
  add_limit("statement_timeout", statement_timeout);
  add_limit("lock_timeout", lock_timeout);
  add_limit("idle_in_transaction_session_timeout", idle_in_transaction_timeout);
  if (!search_path.empty())
    result.emplace_back("search_path", quoted_list(search_path));
  result.emplace_back("extra_float_digits", "3");
  result.emplace_back("DateStyle", date_style);
  result.emplace_back("IntervalStyle", "postgres");
  result.emplace_back("bytea_output", "hex");
  return result;
}

std::vector<std::pair<std::string, std::string>> pg_options::liveness_settings()
  const {
  using std::chrono::ceil;
  using ms = std::chrono::milliseconds;
  using s = std::chrono::seconds;
  // A statement whose client is gone ends after so long at most.
  constexpr ms check_interval{10'000};
  return {
    {"tcp_keepalives_idle", std::to_string(ceil<s>(keepalives_idle).count())},
    {"tcp_keepalives_interval",
     std::to_string(ceil<s>(keepalives_interval).count())},
    {"tcp_keepalives_count", std::to_string(keepalives_count)},
    {"tcp_user_timeout", std::to_string(ceil<ms>(tcp_user_timeout).count())},
    {"client_connection_check_interval",
     std::to_string(check_interval.count())}};
}

std::string pg_options::session_sql() const {
  std::string result;
  if (!startup_options) {
    for (auto& [name, value] : session_settings())
      result += "SET " + name + " = " + value + ';';
    result += set_known(liveness_settings());
  } else if (std::getenv("PGDATESTYLE") != nullptr) {
    // libpq sends it whatever it is told, and it outranks the login's options.
    result += std::string{"SET DateStyle = "} + date_style + ';';
  }
  return result + init;
}

bool pg_options::wants_session() const noexcept {
  return !init.empty() || !search_path.empty()
         || lock_timeout > duration::zero()
         || idle_in_transaction_timeout > duration::zero();
}

std::string pg_options::describe() const {
  std::string result = user + '@';
  for (auto& host : hosts)
    result += (&host == &hosts.front() ? "" : ",") + host;
  return result + ':' + std::to_string(port) + '/' + database;
}

bool pg_is_unix(std::string_view host) noexcept {
  return host.starts_with('/') || host.starts_with('@');
}

std::string pg_scrub(std::string text, const secret& password) {
  // Neither libpq nor a server shows passwords; this is for what nobody thought
  // of. Short ones would eat the rest of the text, a user's name first of all.
  constexpr std::size_t min_length = 6;
  auto& word = password.reveal();
  if (word.size() < min_length)
    return text;
  for (auto pos = text.find(word); pos != std::string::npos;
       pos = text.find(word, pos + masked_secret.size()))
    text.replace(pos, word.size(), masked_secret);
  return text;
}

} // namespace caf_pool
