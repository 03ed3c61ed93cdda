#pragma once

#include <string>
#include <vector>

namespace caf_pool::ctl {

/// A table for people: columns as wide as their widest cell, numbers to the
/// right, a bold header if `bold`.
class table {
public:
  explicit table(std::vector<std::string> header) : header_(std::move(header)) {
    // nop
  }

  void add(std::vector<std::string> row) {
    rows_.push_back(std::move(row));
  }

  std::string render(bool bold) const;

private:
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

} // namespace caf_pool::ctl
