#include "reply_text.hpp"

#include "caf_pool/core/sql_statement.hpp"

#include "cell_text.hpp"
#include "visible_text.hpp"

#include <cstddef>
#include <type_traits>
#include <variant>

namespace caf_pool::ctl {

namespace {

using json = nlohmann::ordered_json;

json json_of_array(const redis_array& xs) {
  if (xs.as != redis_array::form::map) {
    auto result = json::array();
    for (auto& x : xs.items)
      result.push_back(json_of(x));
    return result;
  }
  auto result = json::object();
  for (std::size_t i = 0; i + 1 < xs.items.size(); i += 2) {
    auto key = xs.items[i].text();
    result[visible(key ? std::string{*key} : to_string(xs.items[i]))]
      = json_of(xs.items[i + 1]);
  }
  return result;
}

} // namespace

std::string text_of(const redis_value& x) {
  auto* xs = x.array();
  if (xs == nullptr || xs->items.empty())
    return visible(to_string(x)) + '\n';
  auto is_map = xs->as == redis_array::form::map;
  std::string result;
  for (std::size_t i = 0; i < xs->items.size(); ++i) {
    result += is_map ? std::string{} : std::to_string(i + 1) + ") ";
    result += visible(to_string(xs->items[i]));
    result += is_map && i % 2 == 0 ? ": " : "\n";
  }
  return result;
}

json json_of(const redis_value& x) {
  auto visitor = []<class T>(const T& y) -> json {
    if constexpr (std::is_same_v<T, redis_nil>)
      return nullptr;
    else if constexpr (std::is_same_v<T, redis_status>)
      return y.text;
    else if constexpr (std::is_same_v<T, redis_failure>)
      return {{"error", visible(y.text)}};
    else if constexpr (std::is_same_v<T, redis_array>)
      return json_of_array(y);
    else
      return json_of(sql_value{y});
  };
  return std::visit(visitor, x.value);
}

} // namespace caf_pool::ctl
