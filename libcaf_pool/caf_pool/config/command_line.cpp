#include "caf_pool/config/command_line.hpp"

#include "caf_pool/config/text_check.hpp"

#include <string_view>

namespace caf_pool::detail {

namespace {

constexpr std::string_view source = "command line";

bool is_password(std::string_view key) {
  auto dot = key.rfind('.');
  return (dot == key.npos ? key : key.substr(dot + 1)) == "password";
}

bool is_dotted_key(std::string_view key) {
  constexpr std::string_view letters
    = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  return !key.empty() && key.size() <= 256
         && key.find_first_not_of(letters) == key.npos && key.front() != '.'
         && key.back() != '.' && key.find("..") == key.npos;
}

} // namespace

layer read_command_line(const std::vector<std::string>& overrides,
                        std::vector<config_problem>& problems) {
  layer out{layer_kind::command_line};
  const origin from{std::string{source}, 0, 0};
  auto refuse = [&](std::string key, std::string message) {
    problems.push_back(
      {std::move(key), {}, std::move(message), std::string{source}});
  };
  for (auto& str : overrides) {
    auto split = str.find('=');
    auto key = str.substr(0, split);
    // What is no assignment may be a secret in the wrong place: not shown.
    if (split == str.npos || !is_dotted_key(key))
      refuse({},
             "an override has the form key=value, such as "
             "pools.main.max_size=20");
    else if (is_password(key))
      refuse(key,
             "a command line is no place for a password: everybody on "
             "this machine may read it; use password_file, credential or "
             "the environment");
    else if (!is_clean_text(std::string_view{str}.substr(split)))
      refuse(key, "the value is no text: broken UTF-8 or a control character");
    else
      out.add({std::move(key), make_word(str.substr(split + 1)), from, from});
  }
  return out;
}

} // namespace caf_pool::detail
