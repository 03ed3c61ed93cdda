#pragma once

#include "caf_pool/core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace caf_pool::detail {

/// Who may read a file that is a place for a secret. Except with `anybody`,
/// only its owner may change it, and that is this process's user or root.
enum class file_readers : std::uint8_t {
  /// Nobody but its owner: passwords, which one process needs.
  owner,
  /// Its group, too: tokens, which a node shares with clients on its machine.
  group,
  /// It is not asked who may read or change it: whoever provides it guards it.
  anybody,
};

/// A file as it was at one moment: the facts belong to the text, whatever
/// happens to the path meanwhile.
struct guarded_file {
  std::string text;
  /// Why the file is no place for a secret, and what to do about it ("is open
  /// to others than its owner (chmod 600 closes it)"); empty if it is one.
  std::string exposure;
};

/// Reads a regular file of at most `limit` bytes. Never waits: pipes and
/// devices are refused.
///
/// Returns `config_invalid` if it cannot. Errors say what is wrong with the
/// file, without its name and without what it holds.
result<guarded_file> read_guarded_file(const std::filesystem::path& path,
                                       std::size_t limit, file_readers readers);

} // namespace caf_pool::detail
