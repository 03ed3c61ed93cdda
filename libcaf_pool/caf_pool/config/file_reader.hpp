#pragma once

#include "caf_pool/core/result.hpp"

#include <cstddef>
#include <filesystem>
#include <string>

namespace caf_pool::detail {

/// A file as it was at one moment: the facts belong to the text, whatever
/// happens to the path meanwhile.
struct file_content {
  std::string text;
  /// Why the file is no place for a secret ("is readable by others than its
  /// owner"); empty if it is one.
  std::string exposure;
};

/// Reads a regular file of at most `limit` bytes. Never waits: pipes and
/// devices are refused. Errors say what is wrong with the file, without its
/// name.
result<file_content> read_file(const std::filesystem::path& path,
                               std::size_t limit);

} // namespace caf_pool::detail
