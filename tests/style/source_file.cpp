#include "source_file.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <utility>

namespace caf_pool::style {

namespace {

// Walks over a text once and copies what is code.
class blanker {
public:
  explicit blanker(std::string_view text) : text_(text), out_(text) {
    // nop
  }

  std::string run() {
    while (pos_ < text_.size())
      step();
    return std::move(out_);
  }

private:
  bool at(std::string_view what) const {
    return text_.substr(pos_).starts_with(what);
  }

  void step() {
    if (at("//"))
      blank_to(text_.find('\n', pos_));
    else if (at("/*"))
      blank_to(end_of(text_.find("*/", pos_ + 2), 2));
    else if (at("R\"") && !follows_word())
      raw_string();
    else if (at("\"") && !in_include())
      literal('"');
    else if (at("'") && !follows_word())
      literal('\'');
    else
      ++pos_;
  }

  // A quote after a letter or digit separates digits: 10'000.
  bool follows_word() const {
    return pos_ > 0
           && std::isalnum(static_cast<unsigned char>(text_[pos_ - 1])) != 0;
  }

  // The name in quotes is what the include rule reads.
  bool in_include() const {
    auto start = text_.rfind('\n', pos_) + 1; // 0 if there is none
    auto line = text_.substr(start, pos_ - start);
    return line.starts_with("#") && line.find("include") != line.npos;
  }

  static size_t end_of(size_t pos, size_t length) {
    return pos == std::string_view::npos ? pos : pos + length;
  }

  void raw_string() {
    auto open = text_.find('(', pos_);
    if (open == std::string_view::npos) {
      blank_to(open);
      return;
    }
    auto close
      = ")" + std::string{text_.substr(pos_ + 2, open - pos_ - 2)} + "\"";
    blank_to(end_of(text_.find(close, open), close.size()));
  }

  // Keeps the quotes, so that a blanked literal still looks like one.
  void literal(char quote) {
    auto end = pos_ + 1;
    while (end < text_.size() && text_[end] != quote && text_[end] != '\n')
      end += text_[end] == '\\' ? 2 : 1;
    ++pos_;
    blank_to(std::min(end, text_.size()));
    if (pos_ < text_.size() && text_[pos_] == quote)
      ++pos_;
  }

  void blank_to(size_t end) {
    for (end = std::min(end, text_.size()); pos_ < end; ++pos_)
      if (text_[pos_] != '\n')
        out_[pos_] = ' ';
  }

  std::string_view text_;
  std::string out_;
  size_t pos_ = 0;
};

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> result;
  while (!text.empty()) {
    auto end = text.find('\n');
    result.emplace_back(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return result;
}

} // namespace

source_file parse_source(std::string path, std::string_view text) {
  return {std::move(path), split(text), split(blanker{text}.run())};
}

std::vector<source_file> read_tree(const std::filesystem::path& root) {
  namespace fs = std::filesystem;
  std::vector<source_file> result;
  for (auto folder : {"libcaf_pool", "apps", "tests"}) {
    if (!fs::is_directory(root / folder))
      continue;
    for (auto& entry : fs::recursive_directory_iterator{root / folder}) {
      auto extension = entry.path().extension();
      if (extension != ".cpp" && extension != ".hpp")
        continue;
      std::ifstream in{entry.path(), std::ios::binary};
      std::string text{std::istreambuf_iterator<char>{in}, {}};
      auto path = fs::relative(entry.path(), root).generic_string();
      result.push_back(parse_source(std::move(path), text));
    }
  }
  std::sort(result.begin(), result.end(),
            [](const auto& x, const auto& y) { return x.path < y.path; });
  return result;
}

} // namespace caf_pool::style
