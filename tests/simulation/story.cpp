#include "simulation/story.hpp"

#include "simulation/story_teller.hpp"

#include <sstream>

namespace caf_pool::simulation {

namespace {

constexpr auto ruler = "----";

bool is_command(const std::string& line) {
  return !line.empty() && line.front() != '#';
}

} // namespace

story parse_story(const std::string& text) {
  story result;
  auto in = std::istringstream{text};
  auto answering = false;
  for (std::string line; std::getline(in, line);) {
    if (line == ruler) {
      answering = true;
    } else if (line.empty()) {
      // An empty line ends a block.
      answering = false;
      result.emplace_back();
    } else {
      if (result.empty())
        result.emplace_back();
      auto& block = result.back();
      (answering ? block.answer : block.said).push_back(line);
    }
  }
  std::erase_if(result, [](const story_block& x) { return x.said.empty(); });
  return result;
}

std::string to_string(const story& x) {
  std::string result;
  for (auto& block : x) {
    if (!result.empty())
      result += '\n';
    for (auto& line : block.said)
      result += line + '\n';
    if (block.answer.empty())
      continue;
    result += ruler;
    result += '\n';
    for (auto& line : block.answer)
      result += line + '\n';
  }
  return result;
}

story retell(const story& x) {
  auto teller = story_teller{};
  auto result = x;
  for (auto& block : result) {
    block.answer.clear();
    auto commands = false;
    for (auto& line : block.said) {
      if (!is_command(line))
        continue;
      commands = true;
      auto answer = teller.say(line);
      block.answer.insert(block.answer.end(), answer.begin(), answer.end());
    }
    if (commands && block.answer.empty())
      block.answer = {"nothing"};
  }
  return result;
}

} // namespace caf_pool::simulation
