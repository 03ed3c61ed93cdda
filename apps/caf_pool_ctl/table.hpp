#pragma once

#include <string>
#include <vector>

namespace caf_pool::ctl {

/// A table for people: columns as wide as their widest cell, numbers to the
/// right, a bold header if `bold`. Whatever the texts hold, each cell is one
/// line of visible characters.
class table {
public:
  explicit table(const std::vector<std::string>& header);

  void add(const std::vector<std::string>& row);

  std::string render(bool bold) const;

private:
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

} // namespace caf_pool::ctl
