#include "child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <stdlib.h>
#include <system_error>

namespace caf_pool::bench {

namespace {

/// Between fork and exec: only what is safe there.
[[noreturn]] void become(char* const* command, char* const* environment,
                         int output) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::execvpe(command[0], command, environment);
  ::_exit(127);
}

std::vector<char*> pointers_to(std::vector<std::string>& xs) {
  std::vector<char*> result;
  for (auto& x : xs)
    result.push_back(x.data());
  result.push_back(nullptr);
  return result;
}

} // namespace

child::child(std::vector<std::string> command,
             std::vector<std::string> environment) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw std::system_error{errno, std::generic_category(), "pipe"};
  for (auto** x = environ; *x != nullptr; ++x)
    environment.emplace_back(*x);
  auto words = pointers_to(command);
  auto variables = pointers_to(environment);
  pid_ = ::fork();
  if (pid_ == 0)
    become(words.data(), variables.data(), ends[1]);
  auto why = errno;
  ::close(ends[1]);
  output_ = ends[0];
  if (pid_ < 0) {
    ::close(output_);
    throw std::system_error{why, std::generic_category(), "fork"};
  }
}

child::~child() {
  ::kill(pid_, SIGTERM);
  auto deadline = clock::now() + std::chrono::seconds{10};
  while (read_more(deadline))
    text_.clear();
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  ::close(output_);
}

bool child::read_more(time_point deadline) {
  auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
    deadline - clock::now());
  pollfd fd{output_, POLLIN, 0};
  if (left.count() <= 0 || ::poll(&fd, 1, static_cast<int>(left.count())) <= 0)
    return false;
  char buf[4096];
  auto n = ::read(output_, buf, sizeof(buf));
  if (n <= 0)
    return false;
  text_.append(buf, static_cast<std::size_t>(n));
  return true;
}

std::string child::wait_for_line(const std::string& part, duration limit) {
  auto deadline = clock::now() + limit;
  for (;;) {
    if (auto at = text_.find(part); at != std::string::npos)
      if (auto end = text_.find('\n', at); end != std::string::npos) {
        auto before = text_.rfind('\n', at);
        auto begin = before == std::string::npos ? 0 : before + 1;
        return text_.substr(begin, end - begin);
      }
    if (!read_more(deadline))
      throw std::runtime_error{"no \"" + part + "\" came: " + text_};
  }
}

duration child::cpu_time() const {
  auto sum = duration::zero();
  std::error_code ended;
  auto folder = "/proc/" + pid() + "/task";
  for (auto& task : std::filesystem::directory_iterator{folder, ended}) {
    std::ifstream in{task.path() / "schedstat"};
    duration::rep used = 0;
    if (in >> used)
      sum += duration{used};
  }
  return sum;
}

std::string value_of(const std::string& line, const std::string& key) {
  auto begin = line.find(' ' + key + '=');
  if (begin == std::string::npos)
    throw std::runtime_error{"no " + key + " in: " + line};
  begin += key.size() + 2;
  return line.substr(begin, line.find(' ', begin) - begin);
}

} // namespace caf_pool::bench
