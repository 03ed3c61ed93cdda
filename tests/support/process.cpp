#include "support/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <grp.h>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

extern char** environ;

namespace caf_pool::test {

namespace {

[[noreturn]] void fail(const char* what, int number) {
  throw std::system_error{number, std::generic_category(), what};
}

struct pipe_pair {
  int reader = -1;
  int writer = -1;

  pipe_pair() {
    std::array<int, 2> fds{};
    if (::pipe2(fds.data(), O_CLOEXEC) != 0)
      fail("pipe2", errno);
    reader = fds[0];
    writer = fds[1];
  }

  pipe_pair(const pipe_pair&) = delete;
  pipe_pair& operator=(const pipe_pair&) = delete;

  ~pipe_pair() {
    close_end(reader);
    close_end(writer);
  }

  static void close_end(int& fd) {
    if (fd >= 0)
      ::close(fd);
    fd = -1;
  }

  static int take(int& fd) {
    return std::exchange(fd, -1);
  }
};

// argv and envp of the program, made before fork: the child must not allocate.
struct image {
  std::vector<std::string> environment;
  std::vector<char*> argv;
  std::vector<char*> envp;

  explicit image(process_options& x) {
    for (auto& str : x.command)
      argv.push_back(str.data());
    argv.push_back(nullptr);
    for (auto** var = environ; *var != nullptr; ++var) {
      auto str = std::string{*var};
      if (!x.environment.contains(str.substr(0, str.find('='))))
        environment.push_back(std::move(str));
    }
    for (auto& [key, value] : x.environment)
      if (!value.empty())
        environment.push_back(key + '=' + value);
    for (auto& str : environment)
      envp.push_back(str.data());
    envp.push_back(nullptr);
  }
};

struct child_files {
  int in;
  int out;
  int err;
  int status;
};

[[noreturn]] void give_up(int status_fd) {
  auto number = errno;
  [[maybe_unused]] auto n = ::write(status_fd, &number, sizeof(number));
  ::_exit(127);
}

[[noreturn]] void run_child(const process_options& x, const image& program,
                            child_files files) {
  if (x.own_session || x.detached)
    ::setsid();
  ::dup2(files.in, 0);
  ::dup2(files.out, 1);
  ::dup2(files.err, 2);
  if ((x.gid && (::setgroups(0, nullptr) != 0 || ::setgid(*x.gid) != 0))
      || (x.uid && ::setuid(*x.uid) != 0))
    give_up(files.status);
  if (!x.directory.empty() && ::chdir(x.directory.c_str()) != 0)
    give_up(files.status);
  // After setuid, which clears it.
  if (!x.detached)
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::execvpe(program.argv[0], program.argv.data(), program.envp.data());
  give_up(files.status);
}

int open_null() {
  auto fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (fd < 0)
    fail("/dev/null", errno);
  return fd;
}

int decode(int raw) {
  return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
}

} // namespace

// -- process ------------------------------------------------------------------

struct process::impl {
  pid_t pid = -1;
  bool detached = false;
  int input = -1;
  std::optional<int> status;
  std::thread reader;
  mutable std::mutex mtx;
  std::condition_variable changed;
  std::array<std::string, 2> texts;
  std::array<std::size_t, 2> seen{};
  bool ended = false;

  explicit impl(process_options& options);

  impl(const impl&) = delete;
  impl& operator=(const impl&) = delete;

  ~impl();

  void read_all(int out, int err);
  std::optional<std::string> next_line(std::string_view part);
  bool reap(int flags);
  void finish_reading();
};

process::impl::impl(process_options& options) : detached(options.detached) {
  image program{options};
  pipe_pair in;
  pipe_pair out;
  pipe_pair err;
  pipe_pair exec_status;
  pipe_pair null;
  if (detached) {
    pipe_pair::close_end(null.reader);
    null.reader = open_null();
  }
  child_files files{in.reader, detached ? null.reader : out.writer,
                    detached ? null.reader : err.writer, exec_status.writer};
  pid = ::fork();
  if (pid < 0)
    fail("fork", errno);
  if (pid == 0)
    run_child(options, program, files);
  pipe_pair::close_end(exec_status.writer);
  int number = 0;
  if (::read(exec_status.reader, &number, sizeof(number)) > 0) {
    ::waitpid(pid, nullptr, 0);
    fail(options.command.at(0).c_str(), number);
  }
  input = pipe_pair::take(in.writer);
  if (!detached)
    reader = std::thread{[this, o = pipe_pair::take(out.reader),
                          e = pipe_pair::take(err.reader)] { read_all(o, e); }};
}

process::impl::~impl() {
  pipe_pair::close_end(input);
  if (detached)
    return;
  if (!status) {
    ::kill(pid, SIGKILL);
    reap(0);
  }
  finish_reading();
}

// A grandchild may still hold the pipes: reads what is there, not to the end.
void process::impl::finish_reading() {
  if (!reader.joinable())
    return;
  {
    std::lock_guard guard{mtx};
    ended = true;
  }
  reader.join();
}

void process::impl::read_all(int out, int err) {
  std::array<pollfd, 2> fds{{{out, POLLIN, 0}, {err, POLLIN, 0}}};
  std::array<char, 4096> buf;
  auto last_look = false;
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    auto ready = ::poll(fds.data(), fds.size(), 20);
    std::unique_lock guard{mtx};
    // Nothing was there in a look that began after the end.
    if (ready == 0 && last_look)
      break;
    last_look = ended;
    for (std::size_t i = 0; i < fds.size(); ++i) {
      if (fds[i].fd < 0 || fds[i].revents == 0)
        continue;
      auto n = ::read(fds[i].fd, buf.data(), buf.size());
      if (n > 0)
        texts[i].append(buf.data(), static_cast<std::size_t>(n));
      else
        fds[i].fd = -1;
    }
    changed.notify_all();
  }
  ::close(out);
  ::close(err);
}

std::optional<std::string> process::impl::next_line(std::string_view part) {
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto& text = texts[i];
    for (auto end = text.find('\n', seen[i]); end != std::string::npos;
         end = text.find('\n', seen[i])) {
      auto line = text.substr(seen[i], end - seen[i]);
      seen[i] = end + 1;
      if (line.find(part) != std::string::npos)
        return line;
    }
  }
  return std::nullopt;
}

bool process::impl::reap(int flags) {
  int raw = 0;
  if (!status && ::waitpid(pid, &raw, flags) == pid)
    status = decode(raw);
  return status.has_value();
}

process::process(process_options options)
  : impl_(std::make_unique<impl>(options)) {
  // nop
}

process::process(process&&) noexcept = default;

process& process::operator=(process&&) noexcept = default;

process::~process() = default;

pid_t process::pid() const noexcept {
  return impl_->pid;
}

void process::signal(int number) noexcept {
  if (impl_->status || ::kill(impl_->pid, number) != 0 || number != SIGSTOP)
    return;
  eventually([this] {
    siginfo_t stopped{};
    return ::waitid(P_PID, static_cast<id_t>(impl_->pid), &stopped,
                    WSTOPPED | WNOHANG)
             != 0
           || stopped.si_pid == impl_->pid;
  });
}

std::optional<int> process::wait(std::chrono::nanoseconds limit) {
  if (eventually([this] { return impl_->reap(WNOHANG); }, limit))
    impl_->finish_reading();
  return impl_->status;
}

bool process::running() {
  return !impl_->reap(WNOHANG);
}

std::optional<std::string> process::wait_for_line(
  std::string_view part, std::chrono::nanoseconds limit) {
  auto deadline = std::chrono::steady_clock::now() + limit;
  std::unique_lock guard{impl_->mtx};
  std::optional<std::string> line;
  impl_->changed.wait_until(guard, deadline, [&] {
    line = impl_->next_line(part);
    return line.has_value();
  });
  return line;
}

bool process::wait_for_text(std::string_view part,
                            std::chrono::nanoseconds limit) {
  auto deadline = std::chrono::steady_clock::now() + limit;
  std::unique_lock guard{impl_->mtx};
  return impl_->changed.wait_until(guard, deadline, [&] {
    return std::any_of(
      impl_->texts.begin(), impl_->texts.end(),
      [part](auto& text) { return text.find(part) != text.npos; });
  });
}

std::string process::out() const {
  std::lock_guard guard{impl_->mtx};
  return impl_->texts[0];
}

std::string process::err() const {
  std::lock_guard guard{impl_->mtx};
  return impl_->texts[1];
}

void process::write(std::string_view text) {
  while (!text.empty()) {
    auto n = ::write(impl_->input, text.data(), text.size());
    if (n < 0)
      fail("write", errno);
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

void process::close_input() noexcept {
  pipe_pair::close_end(impl_->input);
}

// -- free functions -----------------------------------------------------------

finished_process run(process_options options, std::string_view input,
                     std::chrono::nanoseconds limit) {
  process child{std::move(options)};
  if (!input.empty())
    child.write(input);
  child.close_input();
  finished_process result;
  result.status = child.wait(limit).value_or(-1);
  result.out = child.out();
  result.err = child.err();
  return result;
}

// What /proc tells of a process after its name in parentheses, which may hold
// anything: the state, then the parent. Empty if there is no such process.
static std::string fields_of(const std::filesystem::path& process) {
  std::ifstream in{process / "stat"};
  std::string text;
  std::getline(in, text);
  auto pos = text.rfind(") ");
  return pos == text.npos ? std::string{} : text.substr(pos + 2);
}

static char state_of(pid_t pid) {
  auto fields = fields_of("/proc/" + std::to_string(pid));
  return fields.empty() ? 'X' : fields.front();
}

std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> result;
  std::error_code ec;
  for (auto& entry : std::filesystem::directory_iterator{"/proc", ec}) {
    auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos)
      continue;
    auto fields = fields_of(entry.path());
    if (fields.size() > 2 && std::atoi(fields.c_str() + 2) == pid)
      result.push_back(static_cast<pid_t>(std::stol(name)));
  }
  return result;
}

std::vector<pid_t> with_children(const process& x) {
  std::vector<pid_t> result{x.pid()};
  auto children = children_of(x.pid());
  result.insert(result.end(), children.begin(), children.end());
  return result;
}

void kill_with_children(process& x) {
  // Stopped first, so that it starts no more processes.
  stop_process(x.pid());
  auto pids = with_children(x);
  for (auto pid : pids)
    ::kill(pid, SIGKILL);
  auto gone = [&] {
    return !x.running()
           && std::none_of(pids.begin(), pids.end(), process_alive);
  };
  if (!eventually(gone))
    throw std::runtime_error{"a program survived SIGKILL"};
}

bool process_alive(pid_t pid) {
  auto state = state_of(pid);
  return state != 'X' && state != 'Z';
}

void stop_process(pid_t pid) {
  ::kill(pid, SIGSTOP);
  eventually([pid] { return state_of(pid) == 'T' || !process_alive(pid); });
}

} // namespace caf_pool::test
