#pragma once

#include "caf_pool/core/node_config.hpp"
#include "caf_pool/core/pool_event.hpp"

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace caf_pool {

/// Writes structured lines to stderr: what happened, and fields that belong to
/// it. As text ("warn pool_down pool=main text=...") or as JSON, one line each.
/// Texts of others cannot forge lines: control characters are escaped. At most
/// 50 lines a second; what is left out is counted, and a line says so. So are
/// lines that nobody takes from stderr within a second.
///
/// Thread-safety: all members from any thread.
class logger {
public:
  using field = std::pair<std::string_view, std::string>;

  explicit logger(const log_config& config);
  ~logger();

  /// Changes level and format from the next line on.
  void configure(const log_config& config);

  void write(severity level, std::string_view what,
             std::initializer_list<field> fields = {});

  /// Writes how much was left out.
  void flush();

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// Renders a line as the logger does, without time and level. A pure function.
std::string render_line(std::string_view what,
                        std::initializer_list<logger::field> fields,
                        bool as_json);

} // namespace caf_pool
