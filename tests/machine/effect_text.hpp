#pragma once

#include "caf_pool/machine/effect.hpp"

#include <string>
#include <variant>
#include <vector>

namespace caf_pool {

/// What a pool machine ordered, one line each.
using lines = std::vector<std::string>;

/// Renders orders as one writes them down: "grant 7 1.2.3", "close 3".
struct effect_text {
  std::string operator()(const effect::grant& x) const {
    return "grant " + to_string(x.caller) + ' ' + to_string(x.lease);
  }

  std::string operator()(const effect::reject& x) const {
    return "reject " + to_string(x.caller) + ' '
           + std::string{to_string(x.why.code)};
  }

  std::string operator()(const effect::open_connection& x) const {
    return "open " + to_string(x.connection);
  }

  std::string operator()(const effect::call_off_opening& x) const {
    return "call off " + to_string(x.connection);
  }

  std::string operator()(const effect::probe_connection& x) const {
    return "probe " + to_string(x.connection);
  }

  std::string operator()(const effect::reset_connection& x) const {
    return "reset " + to_string(x.connection);
  }

  std::string operator()(const effect::close_connection& x) const {
    return (x.abort ? "abort " : "close ") + to_string(x.connection);
  }

  std::string operator()(const effect::cancel_connection& x) const {
    return "cancel " + to_string(x.connection);
  }

  std::string operator()(const effect::revoke_lease& x) const {
    return (x.from_front ? "revoke in front " : "revoke ") + to_string(x.lease);
  }

  std::string operator()(const effect::offer_connection& x) const {
    return "offer " + to_string(x.connection);
  }

  std::string operator()(const effect::withdraw_connection& x) const {
    return "withdraw " + to_string(x.connection);
  }

  std::string operator()(const effect::withdraw_any&) const {
    return "withdraw any";
  }

  std::string operator()(const effect::shut_front& x) const {
    return x.shut ? "shut front" : "open front";
  }

  std::string operator()(const effect::look&) const {
    return "look";
  }

  std::string operator()(const effect::emit& x) const {
    auto result = std::string{to_string(x.event.kind)};
    if (x.event.connection)
      result += ' ' + to_string(x.event.connection);
    return result;
  }
};

inline std::string to_text(const any_effect& x) {
  return std::visit(effect_text{}, x);
}

} // namespace caf_pool
