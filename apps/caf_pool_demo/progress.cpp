#include "progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string_view>

namespace caf_pool::demo {

namespace {

constexpr int cells = 32;

bool can_draw() {
  auto* terminal = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 && terminal != nullptr
         && std::string_view{terminal} != "dumb";
}

} // namespace

progress::progress() : visible_(can_draw()) {
  // nop
}

progress::~progress() {
  if (drawn_)
    std::cerr << "\r\033[K" << std::flush;
}

void progress::show(double share, const std::string& words) {
  if (!visible_)
    return;
  drawn_ = true;
  auto full = static_cast<int>(std::clamp(share, 0.0, 1.0) * cells);
  std::string bar = "\r\033[K[";
  for (int i = 0; i < cells; ++i)
    bar += i < full ? "#" : ".";
  std::cerr << bar << "] " << words << std::flush;
}

} // namespace caf_pool::demo
