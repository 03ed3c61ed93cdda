#pragma once

namespace caf_pool {

/// Remembers a place inside its owner, to find it again at once. Copying or
/// moving the owner makes it forget: the place stays with the other one.
template <class T>
struct memo {
  T* at = nullptr;

  memo() noexcept = default;

  memo(const memo&) noexcept {
    // nop
  }

  memo(memo&& x) noexcept {
    x.at = nullptr;
  }

  memo& operator=(const memo&) noexcept {
    at = nullptr;
    return *this;
  }

  memo& operator=(memo&& x) noexcept {
    at = x.at = nullptr;
    return *this;
  }
};

} // namespace caf_pool
