#include "rules.hpp"

#include <algorithm>
#include <cctype>
#include <regex>
#include <string_view>

namespace caf_pool::style {

namespace {

// Wide limits for files: a class is not cut to please a number.
constexpr size_t max_header = 250;
constexpr size_t max_source = 500;
constexpr size_t max_function = 40;
constexpr size_t max_columns = 80;

size_t columns(std::string_view line) {
  // Continuation bytes of UTF-8 take no column.
  return static_cast<size_t>(
    std::count_if(line.begin(), line.end(), [](char x) {
      return (static_cast<unsigned char>(x) & 0xC0) != 0x80;
    }));
}

// The formatter cannot break these either.
bool is_unbreakable(std::string_view line) {
  return line.find("://") != line.npos || line.find("#include") != line.npos
         || line.find('"') != line.npos;
}

// Finds function bodies by their braces: good enough for formatted code.
class function_finder {
public:
  function_finder(const source_file& file, problems& out)
    : file_(file), out_(out) {
    // nop
  }

  void run() {
    for (; line_ < file_.code.size(); ++line_) {
      auto& text = file_.code[line_];
      auto first = text.find_first_not_of(' ');
      if (first != std::string::npos && text[first] == '#')
        continue;
      for (char c : text)
        feed(c);
      head_ += ' ';
    }
  }

private:
  enum class scope { outer, function, inner };

  struct open_scope {
    scope kind;
    size_t line;
  };

  void feed(char c) {
    switch (c) {
      case '{':
        scopes_.push_back({classify(), line_});
        head_.clear();
        break;
      case '}':
        close();
        head_.clear();
        break;
      case ';':
        head_.clear();
        break;
      default:
        head_ += c;
        break;
    }
  }

  scope classify() const {
    static const std::regex outer{
      R"(\b(namespace|class|struct|union|enum|extern)\b[^()=]*$)"};
    if (!scopes_.empty() && scopes_.back().kind != scope::outer)
      return scope::inner;
    if (std::regex_search(head_, outer))
      return scope::outer;
    return head_.find('(') != std::string::npos ? scope::function
                                                : scope::inner;
  }

  void close() {
    if (scopes_.empty())
      return;
    auto top = scopes_.back();
    scopes_.pop_back();
    if (top.kind != scope::function || line_ <= top.line + max_function + 1)
      return;
    out_.push_back({file_.path, top.line + 1,
                    "a function of " + std::to_string(line_ - top.line - 1)
                      + " lines, more than " + std::to_string(max_function)});
  }

  const source_file& file_;
  problems& out_;
  std::vector<open_scope> scopes_;
  std::string head_;
  size_t line_ = 0;
};

} // namespace

void check_sizes(const source_file& file, problems& out) {
  // There is one compat header for each library, however much it bridges.
  auto is_compat = file.path.find("_compat.hpp") != std::string::npos;
  auto limit = file.is_header() && !is_compat ? max_header : max_source;
  if (file.lines.size() > limit)
    out.push_back({file.path, limit + 1,
                   std::to_string(file.lines.size()) + " lines, more than "
                     + std::to_string(limit)});
  for (size_t i = 0; i < file.lines.size(); ++i)
    if (columns(file.lines[i]) > max_columns && !is_unbreakable(file.lines[i]))
      out.push_back({file.path, i + 1, "longer than 80 columns"});
  if (!file.is_below("tests/"))
    function_finder{file, out}.run();
}

} // namespace caf_pool::style
