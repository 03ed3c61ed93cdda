#include "table.hpp"

#include "visible_text.hpp"

#include <algorithm>
#include <string_view>

namespace caf_pool::ctl {

namespace {

/// Counts what a terminal shows of UTF-8: bytes that begin a character.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(
    std::count_if(text.begin(), text.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    }));
}

bool is_number(std::string_view text) {
  if (text.starts_with('-'))
    text.remove_prefix(1);
  return !text.empty() && text.front() >= '0' && text.front() <= '9'
         && text.find_first_of(" :") == text.npos;
}

/// Stands where a number is missing.
bool is_no_number(std::string_view text) {
  return text == "-" || text == "NULL" || text == "NaN" || text == "Infinity"
         || text == "-Infinity";
}

std::vector<std::string> visible_row(const std::vector<std::string>& row) {
  std::vector<std::string> result;
  for (auto& text : row)
    result.push_back(visible(text));
  return result;
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

table::table(const std::vector<std::string>& header)
  : header_(visible_row(header)) {
  // nop
}

void table::add(const std::vector<std::string>& row) {
  rows_.push_back(visible_row(row));
}

std::string table::render(bool bold) const {
  std::vector<std::size_t> widths;
  std::vector<bool> to_the_right;
  for (std::size_t i = 0; i < header_.size(); ++i) {
    auto widest = width(header_[i]);
    auto numbers = false;
    auto others = false;
    for (auto& row : rows_) {
      if (i >= row.size())
        continue;
      widest = std::max(widest, width(row[i]));
      auto number = is_number(row[i]);
      numbers = numbers || number;
      others = others || (!number && !is_no_number(row[i]));
    }
    widths.push_back(widest);
    to_the_right.push_back(numbers && !others);
  }
  auto result = line(header_, widths, to_the_right);
  if (bold)
    result = "\033[1m" + result.substr(0, result.size() - 1) + "\033[0m\n";
  for (auto& row : rows_)
    result += line(row, widths, to_the_right);
  return result;
}

} // namespace caf_pool::ctl
