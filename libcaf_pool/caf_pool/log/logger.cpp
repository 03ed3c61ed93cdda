#include "caf_pool/log/logger.hpp"

#include "caf_pool/core/ascii.hpp"
#include "caf_pool/log/line_budget.hpp"
#include "caf_pool/log/line_writer.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace caf_pool {

namespace {

spdlog::level::level_enum level_of(severity x) {
  switch (x) {
    case severity::debug:
      return spdlog::level::debug;
    case severity::info:
      return spdlog::level::info;
    case severity::warning:
      return spdlog::level::warn;
    case severity::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::string quoted(const std::string& text) {
  auto plain
    = !text.empty() && text.find_first_of(" \t\r\n\"\\=") == std::string::npos;
  if (plain && std::none_of(text.begin(), text.end(), is_control))
    return text;
  return nlohmann::json(text).dump(-1, ' ', false,
                                   nlohmann::json::error_handler_t::replace);
}

/// Colours only where somebody looks, and did not say no.
bool wants_colours() {
  auto* no_color = std::getenv("NO_COLOR");
  return (no_color == nullptr || *no_color == '\0')
         && ::isatty(STDERR_FILENO) == 1;
}

std::string_view colour_of(spdlog::level::level_enum x) {
  switch (x) {
    case spdlog::level::info:
      return "\033[32m";
    case spdlog::level::warn:
      return "\033[33m\033[1m";
    case spdlog::level::err:
      return "\033[31m\033[1m";
    default:
      return "\033[36m";
  }
}

/// Stderr, without waiting for ever for whoever reads it. The logger's mutex
/// guards it.
class stderr_sink
  : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
public:
  /// Tells whether the last line was written.
  bool wrote() const noexcept {
    return wrote_;
  }

protected:
  void sink_it_(const spdlog::details::log_msg& x) override {
    auto line = spdlog::memory_buf_t{};
    formatter_->format(x, line);
    auto text = std::string{line.data(), line.size()};
    if (coloured_ && x.color_range_end > x.color_range_start) {
      text.insert(x.color_range_end, "\033[m");
      text.insert(x.color_range_start, colour_of(x.level));
    }
    wrote_ = out_.write(text);
  }

  void flush_() override {
    // nop
  }

private:
  line_writer out_{STDERR_FILENO};
  bool coloured_ = wants_colours();
  bool wrote_ = true;
};

} // namespace

struct logger::impl {
  std::shared_ptr<stderr_sink> sink;
  spdlog::logger out;
  std::mutex mutex; // guards what follows
  bool as_json = false;
  std::condition_variable changed;
  line_budget budget;
  bool over = false;
  /// Says what was left out when it is due; started by the first line that is.
  std::thread summaries;

  explicit impl(const log_config& config)
    : sink(std::make_shared<stderr_sink>()), out("caf_pool", sink) {
    configure(config);
  }

  void configure(const log_config& config) {
    auto guard = std::lock_guard{mutex};
    as_json = config.format == "json";
    out.set_level(spdlog::level::from_str(config.level));
    // Journald has its own clock.
    auto* journal = std::getenv("JOURNAL_STREAM");
    if (as_json)
      out.set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l",%v})");
    else if (journal != nullptr)
      out.set_pattern("%l %v");
    else
      out.set_pattern("%Y-%m-%dT%H:%M:%S.%e %^%-7l%$ %v");
  }

  void write_summary();
  void watch_budget();
};

/// Requires the mutex, and that there is something to tell.
void logger::impl::write_summary() {
  auto missing = budget.take_summary(clock::now());
  out.log(spdlog::level::warn,
          render_line("lines_left_out",
                      {{"lines", std::to_string(missing.lines)},
                       {"errors", std::to_string(missing.errors)},
                       {"text", "more lines than "
                                  + std::to_string(line_budget::max_lines)
                                  + " a second, or nobody took them"}},
                      as_json));
  if (!sink->wrote())
    budget.lose(missing, clock::now());
}

void logger::impl::watch_budget() {
  auto guard = std::unique_lock{mutex};
  while (!over) {
    if (!budget.owes_summary())
      changed.wait(guard);
    else if (clock::now() >= budget.summary_due())
      write_summary();
    else
      changed.wait_until(guard, budget.summary_due());
  }
}

logger::logger(const log_config& config)
  : impl_(std::make_unique<impl>(config)) {
  // nop
}

logger::~logger() {
  {
    auto guard = std::lock_guard{impl_->mutex};
    impl_->over = true;
  }
  impl_->changed.notify_all();
  if (impl_->summaries.joinable())
    impl_->summaries.join();
  flush();
}

void logger::configure(const log_config& config) {
  impl_->configure(config);
}

void logger::write(severity level, std::string_view what,
                   std::initializer_list<field> fields) {
  auto& x = *impl_;
  auto to = level_of(level);
  if (!x.out.should_log(to))
    return;
  auto guard = std::lock_guard{x.mutex};
  if (x.budget.take(level, clock::now())) {
    x.out.log(to, render_line(what, fields, x.as_json));
    if (x.sink->wrote())
      return;
    x.budget.lose({1, level == severity::error ? 1u : 0u}, clock::now());
  }
  if (!x.summaries.joinable())
    x.summaries = std::thread{[&x] { x.watch_budget(); }};
  x.changed.notify_all();
}

void logger::flush() {
  auto guard = std::lock_guard{impl_->mutex};
  if (impl_->budget.owes_summary())
    impl_->write_summary();
}

std::string render_line(std::string_view what,
                        std::initializer_list<logger::field> fields,
                        bool as_json) {
  if (as_json) {
    nlohmann::ordered_json line;
    line["event"] = what;
    for (auto& [key, value] : fields)
      if (!value.empty())
        line[std::string{key}] = value;
    auto text
      = line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return text.substr(1, text.size() - 2); // the pattern has the braces
  }
  auto text = std::string{what};
  for (auto& [key, value] : fields)
    if (!value.empty())
      text += ' ' + std::string{key} + '=' + quoted(value);
  return text;
}

} // namespace caf_pool
