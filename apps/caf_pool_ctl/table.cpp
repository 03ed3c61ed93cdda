#include "table.hpp"

#include <algorithm>

namespace caf_pool::ctl {

namespace {

/// Counts what a terminal shows of UTF-8: bytes that begin a character.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(
    std::count_if(text.begin(), text.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    }));
}

bool is_number(const std::string& text) {
  return !text.empty() && text.front() >= '0' && text.front() <= '9'
         && text.find_first_of(" :") == std::string::npos;
}

std::string line(const std::vector<std::string>& row,
                 const std::vector<std::size_t>& widths,
                 const std::vector<bool>& to_the_right) {
  std::string result;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    auto cell = i < row.size() ? row[i] : std::string{};
    auto padding = std::string(widths[i] - width(cell), ' ');
    result += i == 0 ? "" : "  ";
    result += to_the_right[i] ? padding + cell : cell + padding;
  }
  result.erase(result.find_last_not_of(' ') + 1);
  return result + '\n';
}

} // namespace

std::string table::render(bool bold) const {
  std::vector<std::size_t> widths;
  std::vector<bool> to_the_right;
  for (std::size_t i = 0; i < header_.size(); ++i) {
    auto widest = width(header_[i]);
    auto numbers = !rows_.empty();
    for (auto& row : rows_) {
      if (i >= row.size())
        continue;
      widest = std::max(widest, width(row[i]));
      numbers = numbers && (row[i] == "-" || is_number(row[i]));
    }
    widths.push_back(widest);
    to_the_right.push_back(numbers);
  }
  auto result = line(header_, widths, to_the_right);
  if (bold)
    result = "\033[1m" + result.substr(0, result.size() - 1) + "\033[0m\n";
  for (auto& row : rows_)
    result += line(row, widths, to_the_right);
  return result;
}

} // namespace caf_pool::ctl
