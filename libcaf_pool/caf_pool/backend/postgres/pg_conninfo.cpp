#include "caf_pool/backend/postgres/pg_conninfo.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>

namespace caf_pool {

namespace {

// A path that exists for nobody: libpq takes that for "there is none".
constexpr const char* no_file = "/dev/null/none";

bool in_environment(const char* name) {
  auto* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

std::string in_seconds(duration x) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(x).count());
}

std::string in_milliseconds(duration x) {
  return std::to_string(
    std::chrono::ceil<std::chrono::milliseconds>(x).count());
}

// The server splits the text at blanks and takes a backslash for an escape.
std::string escaped(std::string_view text) {
  std::string result;
  for (auto c : text) {
    if (c == ' ' || c == '\\')
      result += '\\';
    result += c;
  }
  return result;
}

bool known_to_libpq(std::string_view keyword) {
  // Which keywords there are depends on the version that is installed.
  static const auto known = [] {
    std::vector<std::string> result;
    std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> all{
      PQconninfoParse("", nullptr), PQconninfoFree};
    for (auto* x = all.get(); x != nullptr && x->keyword != nullptr; ++x)
      result.emplace_back(x->keyword);
    return result;
  }();
  return std::find(known.begin(), known.end(), keyword) != known.end();
}

} // namespace

pg_conninfo::pg_conninfo(const pg_options& options, const std::string& host,
                         const std::string& address) {
  set_target(options, host, address);
  set_login(options);
  set_tls(options, host);
  set_tcp(options);
  set_defaults();
  for (auto& [keyword, value] : pairs_) {
    keywords_.push_back(keyword.c_str());
    values_.push_back(value.c_str());
  }
  keywords_.push_back(nullptr);
  values_.push_back(nullptr);
}

std::string_view pg_conninfo::value(std::string_view keyword) const noexcept {
  for (auto& [key, text] : pairs_)
    if (key == keyword)
      return text;
  return {};
}

void pg_conninfo::set(std::string keyword, std::string value) {
  pairs_.emplace_back(std::move(keyword), std::move(value));
}

void pg_conninfo::set_target(const pg_options& options, const std::string& host,
                             const std::string& address) {
  auto port = std::to_string(options.port);
  if (address.empty() && in_environment("PGHOSTADDR")) {
    // An empty value means "take the environment's", but a list of two empty
    // values means none for either of two hosts.
    set("host", host + ',' + host);
    set("hostaddr", ",");
    set("port", port + ',' + port);
    return;
  }
  set("host", host);
  set("port", port);
  if (!address.empty())
    set("hostaddr", address);
}

void pg_conninfo::set_login(const pg_options& options) {
  set("dbname", options.database);
  set("user", options.user);
  set("passfile", options.passfile.empty() ? no_file : options.passfile);
  if (!options.password.empty())
    set("password", options.password.reveal());
  else if (in_environment("PGPASSWORD") && options.passfile.empty())
    // Not somebody else's password; whatever the server says to this one.
    set("password", "none");
  set("application_name", options.application_name);
  set("client_encoding", "UTF8");
  set("target_session_attrs", options.target_session_attrs);
  auto settings
    = options.startup_options ? pg_startup_options(options) : std::string{};
  if (settings.empty() && in_environment("PGOPTIONS"))
    settings = " ";
  if (!settings.empty())
    set("options", settings);
}

void pg_conninfo::set_tls(const pg_options& options, const std::string& host) {
  set("sslmode", options.sslmode_for(host));
  set("sslrootcert",
      options.sslrootcert.empty() ? no_file : options.sslrootcert);
  set("sslcert", options.sslcert.empty() ? no_file : options.sslcert);
  set("sslkey", options.sslkey.empty() ? no_file : options.sslkey);
}

void pg_conninfo::set_tcp(const pg_options& options) {
  // Without keepalives libpq does not set the user timeout either.
  set("keepalives", "1");
  if (options.keepalives_idle > duration::zero())
    set("keepalives_idle", in_seconds(options.keepalives_idle));
  if (options.keepalives_interval > duration::zero())
    set("keepalives_interval", in_seconds(options.keepalives_interval));
  set("keepalives_count", std::to_string(options.keepalives_count));
  set("tcp_user_timeout", in_milliseconds(options.tcp_user_timeout));
}

// What libpq does if nobody says anything, said.
void pg_conninfo::set_defaults() {
  constexpr std::pair<const char*, const char*> defaults[] = {
    {"channel_binding", "prefer"},
    {"connect_timeout", "0"},
    {"gssencmode", "disable"},
    {"krbsrvname", "postgres"},
    {"load_balance_hosts", "disable"},
    {"ssl_max_protocol_version", "TLSv1.3"},
    {"ssl_min_protocol_version", "TLSv1.2"},
    {"sslcertmode", "allow"},
    {"sslcompression", "0"},
    {"sslcrl", no_file},
    {"sslcrldir", no_file},
    {"sslnegotiation", "postgres"},
    {"sslsni", "1"},
  };
  for (auto& [keyword, value] : defaults)
    if (known_to_libpq(keyword))
      set(keyword, value);
}

std::string pg_startup_options(const pg_options& options) {
  std::string result;
  auto settings = options.session_settings();
  auto liveness = options.liveness_settings();
  liveness.resize(std::min(liveness.size(), options.known_liveness->load()));
  settings.insert(settings.end(), liveness.begin(), liveness.end());
  for (auto& [name, value] : settings)
    result += (result.empty() ? "-c " : " -c ") + name + '=' + escaped(value);
  return result;
}

} // namespace caf_pool
