#include "caf_pool/settings/nearest.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace caf_pool {

namespace {

/// Longer words are not compared: the effort grows with the square, and what
/// is compared may come from a stranger.
constexpr std::size_t max_length = 128;

char folded(char c) noexcept {
  if (c >= 'A' && c <= 'Z')
    return static_cast<char>(c - 'A' + 'a');
  return c == '-' ? '_' : c;
}

} // namespace

std::size_t edit_distance(std::string_view x, std::string_view y) {
  auto same = [](char a, char b) { return folded(a) == folded(b); };
  // Three rows of the usual table: the one before last is for swaps.
  std::vector<std::size_t> oldest(y.size() + 1);
  std::vector<std::size_t> last(y.size() + 1);
  std::vector<std::size_t> row(y.size() + 1);
  for (std::size_t j = 0; j <= y.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= x.size(); ++i) {
    std::swap(oldest, last);
    std::swap(last, row);
    row[0] = i;
    for (std::size_t j = 1; j <= y.size(); ++j) {
      auto replaced = last[j - 1] + (same(x[i - 1], y[j - 1]) ? 0u : 1u);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && same(x[i - 1], y[j - 2])
          && same(x[i - 2], y[j - 1]))
        row[j] = std::min(row[j], oldest[j - 2] + 1);
    }
  }
  return row[y.size()];
}

std::string_view nearest(std::string_view word,
                         std::span<const std::string_view> candidates) {
  std::string_view best;
  if (word.empty() || word.size() > max_length)
    return best;
  auto limit = std::max<std::size_t>(1, word.size() / 3);
  for (auto candidate : candidates) {
    auto shorter = std::min(word.size(), candidate.size());
    auto longer = std::max(word.size(), candidate.size());
    if (candidate.empty() || longer - shorter > limit)
      continue;
    auto distance = edit_distance(word, candidate);
    // A single letter is near to every other one.
    if (distance > limit || distance >= longer)
      continue;
    if (distance == 0)
      return candidate;
    limit = distance - 1;
    best = candidate;
  }
  return best;
}

std::string hint_for(std::string_view word,
                     std::span<const std::string_view> candidates) {
  if (auto best = nearest(word, candidates); !best.empty())
    return ", did you mean \"" + std::string{best} + "\"?";
  if (candidates.empty())
    return "; none is known";
  std::string str = "; known are ";
  for (auto candidate : candidates) {
    if (candidate.data() != candidates.front().data())
      str += ", ";
    str += candidate;
  }
  return str;
}

} // namespace caf_pool
