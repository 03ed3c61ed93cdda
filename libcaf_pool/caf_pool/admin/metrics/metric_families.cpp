#include "caf_pool/admin/metrics/metric_families.hpp"

#include "caf_pool/admin/metrics/label.hpp"

#include <chrono>

namespace caf_pool::detail {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;

double seconds_of(duration x) {
  return std::chrono::duration<double>(x).count();
}

ClientMetric& add_series(MetricFamily& to, const labels& xs) {
  auto& result = to.metric.emplace_back();
  for (auto& [name, value] : xs) {
    auto& label = result.label.emplace_back();
    label.name = name;
    label.value = clean_label(value);
  }
  return result;
}

} // namespace

MetricFamily& metric_families::get(std::string_view name, std::string_view help,
                                   prometheus::MetricType type) {
  auto [i, added] = index_.emplace(name, families_.size());
  if (added) {
    auto& fresh = families_.emplace_back();
    fresh.name = name;
    fresh.help = help;
    fresh.type = type;
  }
  return families_[i->second];
}

void add_gauge(MetricFamily& to, double value, const labels& xs) {
  add_series(to, xs).gauge.value = value;
}

void add_counter(MetricFamily& to, std::uint64_t value, const labels& xs) {
  add_series(to, xs).counter.value = static_cast<double>(value);
}

void add_histogram(MetricFamily& to, const histogram_snapshot& x,
                   std::uint64_t at_once, const labels& xs) {
  auto& out = add_series(to, xs).histogram;
  out.sample_count = x.count + at_once;
  out.sample_sum = seconds_of(x.sum);
  std::uint64_t seen = at_once;
  std::size_t i = 0;
  for (auto limit : exported_limits()) {
    for (; i < x.counts.size() && histogram::bucket_limit(i) <= limit; ++i)
      seen += x.counts[i];
    auto& bucket = out.bucket.emplace_back();
    bucket.upper_bound = seconds_of(limit);
    bucket.cumulative_count = seen;
  }
}

const std::vector<duration>& exported_limits() {
  static const auto limits = [] {
    std::vector<duration> result;
    // Coarse below a millisecond, where no user waits for a server.
    for (int bit = 10; bit <= 36; bit += bit < 20 ? 2 : 1)
      result.push_back(histogram::bucket_limit(
        histogram::bucket_of(duration{1LL << bit}) - 1));
    return result;
  }();
  return limits;
}

} // namespace caf_pool::detail
