#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace caf_pool::style {

/// A C++ file as the rules look at it.
struct source_file {
  /// Relative to the repository, with slashes: "libcaf_pool/caf_pool/…".
  std::string path;
  /// The lines as they are.
  std::vector<std::string> lines;
  /// The same lines with comments and the insides of literals blanked out, so
  /// that a word in a comment breaks no rule. Columns stay where they were.
  std::vector<std::string> code;

  bool is_header() const {
    return path.ends_with(".hpp");
  }

  bool is_below(std::string_view folder) const {
    return path.starts_with(folder);
  }
};

/// Splits and blanks a text.
source_file parse_source(std::string path, std::string_view text);

/// Reads every .hpp and .cpp file in libcaf_pool, apps and tests, in order.
std::vector<source_file> read_tree(const std::filesystem::path& root);

} // namespace caf_pool::style
