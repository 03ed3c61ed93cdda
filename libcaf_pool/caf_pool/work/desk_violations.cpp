#include "caf_pool/work/work_desk.hpp"

#include <algorithm>

namespace caf_pool {

std::vector<std::string> work_desk::violations() const {
  std::vector<std::string> result;
  auto expect = [&result](bool ok, const char* text) {
    if (!ok)
      result.emplace_back(text);
  };
  for (auto& x : jobs_) {
    auto mine = std::count_if(workers_.begin(), workers_.end(), [&x](auto& y) {
      return y.job == x.what.id && y.id == x.worker;
    });
    expect(mine == (x.now == stage::running ? 1 : 0),
           "a job and its worker do not match");
    expect(x.now != stage::blocked || x.what.kind == job_kind::close,
           "something but a close is blocked");
    expect(!x.given_up || x.now == stage::running,
           "a job without a worker was given up");
    auto rivals = std::count_if(jobs_.begin(), jobs_.end(), [&x](auto& y) {
      return y.now == stage::running && x.what.connection
             && y.what.connection == x.what.connection
             && (y.what.kind == job_kind::cancel)
                  == (x.what.kind == job_kind::cancel);
    });
    expect(rivals <= 1, "two jobs run on one connection");
  }
  return result;
}

} // namespace caf_pool
