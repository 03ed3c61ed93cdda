// A pool of a backend of one's own, embedded.

#include "custom_backend.hpp"

#include "caf_pool/pool.hpp"

#include <iostream>

using namespace caf_pool;

int main() {
  pool db{
    backend_spec<example::counter>{{}, std::make_shared<example::counters>()}};
  auto next = opaque{"counter", "next"};
  for (int i = 0; i < 2; ++i) {
    auto held = db.acquire().value();
    held.run(next).value();
    auto done = held.run(next).value();
    // 2 each time: no trace of the last holder.
    std::cout << std::get<opaque>(done.value).bytes << '\n';
  }
}
