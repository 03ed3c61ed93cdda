#pragma once

#include "caf_pool/core/histogram.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/metric_type.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

namespace caf_pool::detail {

using labels = std::vector<std::pair<std::string_view, std::string_view>>;

/// Metrics by name, in the order of their first use.
class metric_families {
public:
  /// Returns the family of that name; makes it the first time. The reference
  /// is good until the next call.
  prometheus::MetricFamily& get(std::string_view name, std::string_view help,
                                prometheus::MetricType type);

  std::vector<prometheus::MetricFamily> take() {
    return std::move(families_);
  }

private:
  std::vector<prometheus::MetricFamily> families_;
  /// Names are literals.
  std::map<std::string_view, std::size_t> index_;
};

// Each adds one series; values of labels are cleaned.

void add_gauge(prometheus::MetricFamily& to, double value, const labels& xs);

void add_counter(prometheus::MetricFamily& to, std::uint64_t value,
                 const labels& xs);

/// Counts `at_once` more samples of zero.
void add_histogram(prometheus::MetricFamily& to, const histogram_snapshot& x,
                   std::uint64_t at_once, const labels& xs);

/// Limits of the exported buckets, from 1 us to 69 s: powers of two, where
/// buckets of ours end, so that every count is exact.
const std::vector<duration>& exported_limits();

} // namespace caf_pool::detail
