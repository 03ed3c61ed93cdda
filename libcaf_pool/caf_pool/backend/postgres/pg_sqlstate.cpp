#include "caf_pool/backend/postgres/pg_sqlstate.hpp"

#include "caf_pool/core/one_of.hpp"

#include <algorithm>
#include <array>

namespace caf_pool {

namespace {

bool is_state_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

bool contains_any(std::string_view text,
                  std::initializer_list<std::string_view> parts) {
  return std::any_of(parts.begin(), parts.end(), [text](std::string_view x) {
    return text.find(x) != std::string_view::npos;
  });
}

} // namespace

std::string pg_sqlstate_in(std::string_view text) {
  // "FATAL:  28P01: password ...": severities are translated, the rest is not.
  constexpr std::string_view gap = ":  ";
  for (auto pos = text.find(gap); pos != std::string_view::npos;
       pos = text.find(gap, pos + 1)) {
    auto state = text.substr(pos + gap.size(), 5);
    if (state.size() == 5 && text.substr(pos + gap.size() + 5, 2) == ": "
        && std::all_of(state.begin(), state.end(), is_state_char))
      return std::string{state};
  }
  return {};
}

errc pg_classify_open(std::string_view sqlstate, std::string_view text) {
  if (sqlstate.empty())
    // Not "SSL SYSCALL error": that is the network.
    return contains_any(text, {"certificate", "SSL error", "support SSL",
                               "SSL required", "private key", "invalid ",
                               "definition of service", "no password supplied",
                               "requirepeer", "authentication method",
                               "channel binding"})
             ? errc::open_refused
             : errc::open_failed;
  // PgBouncer's code for everything that it dislikes.
  if (sqlstate == "08P01" && contains_any(text, {"startup parameter"}))
    return errc::open_refused;
  // Invalid authorization, unknown database, insufficient privilege, and
  // settings that the server does not take in a login.
  auto cls = sqlstate.substr(0, 2);
  if (cls == "28" || cls == "3D" || cls == "22" || cls == "42" || cls == "0A")
    return errc::open_refused;
  return errc::open_failed;
}

std::string_view pg_advice(std::string_view sqlstate, errc code) {
  if (one_of(sqlstate, {"28P01", "28000"}))
    return "check user, password and the server's pg_hba.conf; trying again "
           "will not help";
  if (sqlstate == "3D000")
    return "create the database or correct its name; trying again will not "
           "help";
  if (sqlstate == "53300")
    return "lower the pools' max_size or raise the server's max_connections";
  if (sqlstate == "57P03")
    return "the server is starting, stopping or recovering; it will be tried "
           "again";
  if (sqlstate == "08P01")
    return "a pooler in between refused the login: check its log, and try "
           "startup_options = \"false\"";
  return code == errc::open_refused
           ? "correct the settings; trying again will not help"
           : "check that the server runs and is reachable; it will be tried "
             "again";
}

bool pg_survives(std::string_view severity, std::string_view sqlstate) {
  return !one_of(severity, {"FATAL", "PANIC"}) && sqlstate != "57P02";
}

} // namespace caf_pool
