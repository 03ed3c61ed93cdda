#pragma once

#include "caf_pool/work/desk_effect.hpp"

#include <array>
#include <string>
#include <variant>

namespace caf_pool {

/// Renders a desk's orders as one writes them down: "run 3 on 1", "end 3 done".
struct desk_text {
  std::string operator()(const desk_effect::hire& x) const {
    return "hire " + to_string(x.worker);
  }

  std::string operator()(const desk_effect::dismiss& x) const {
    return "dismiss " + to_string(x.worker);
  }

  std::string operator()(const desk_effect::run& x) const {
    return "run " + to_string(x.job) + " on " + to_string(x.worker);
  }

  std::string operator()(const desk_effect::stop& x) const {
    return "stop " + to_string(x.job) + " by " + to_string(x.by);
  }

  std::string operator()(const desk_effect::call_off& x) const {
    return (x.abort ? "abort opening " : "call off ") + to_string(x.job);
  }

  std::string operator()(const desk_effect::abort& x) const {
    return "break " + to_string(x.job);
  }

  std::string operator()(const desk_effect::end& x) const {
    static constexpr std::array names{"done",        "late",     "stuck",
                                      "withdrawn",   "unserved", "hurried",
                                      "disconnected"};
    return "end " + to_string(x.job) + ' '
           + names.at(static_cast<std::size_t>(x.how));
  }

  std::string operator()(const desk_effect::session_over& x) const {
    return "session over " + to_string(x.connection);
  }

  std::string operator()(const desk_effect::shut_down&) const {
    return "shut down";
  }

  std::string operator()(const desk_effect::answer_drain&) const {
    return "answer drain";
  }
};

inline std::string to_text(const any_desk_effect& x) {
  return std::visit(desk_text{}, x);
}

} // namespace caf_pool
