#include "caf_pool/admin/http/session.hpp"

#include "caf_pool/core/time.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <ctime>
#include <exception>
#include <optional>
#include <string>
#include <utility>

namespace caf_pool::detail {

namespace {

namespace beast = boost::beast;
namespace http = beast::http;
namespace net = boost::asio;
using net::ip::tcp;
using beast_error = beast::error_code;

/// How long, and for how many reads, a connection that is about to be closed is
/// still listened to, so that the client can read the last answer.
constexpr duration linger_time = std::chrono::seconds{1};
constexpr int linger_reads = 64;

constexpr std::size_t read_size = 4096;

// The date as RFC 9110 wants it: in English, whatever the locale.
std::string http_date() {
  static constexpr const char* days[]
    = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* months[]
    = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  auto now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  auto size = std::strftime(text, sizeof(text), "%Y %H:%M:%S GMT", &parts);
  std::string day = std::to_string(parts.tm_mday);
  return std::string{days[parts.tm_wday]} + (day.size() == 1 ? ", 0" : ", ")
         + day + ' ' + months[parts.tm_mon] + ' ' + std::string{text, size};
}

class session : public guest, public std::enable_shared_from_this<session> {
public:
  session(tcp::socket socket, session_host& host, bool welcome)
    : stream_(std::move(socket)),
      host_(host),
      welcome_(welcome),
      buffer_(2 * host.limits().max_header),
      bell_(std::make_shared<net::steady_timer>(stream_.get_executor())) {
    place_ = host_.guests().end();
    if (welcome_)
      place_ = host_.guests().insert(place_, this);
    else
      host_.refused(1);
    // Answers are written at once and whole: there is nothing to collect.
    beast_error ignored;
    stream_.socket().set_option(tcp::no_delay{true}, ignored);
  }

  ~session() override {
    if (!welcome_)
      host_.refused(-1);
    leave();
    host_.closed();
  }

  bool waits_for_client() const noexcept override {
    return !answering_;
  }

  void hang_up() noexcept override {
    leave();
    // What is under way ends with an error, and with it the session.
    stream_.close();
  }

  void serve() {
    stream_.expires_after(host_.limits().header_time);
    await_request();
  }

  void refuse() {
    keep_ = false;
    send(problem(503, "Too many connections to this server; there may be "
                        + std::to_string(host_.limits().max_connections)
                        + ". Close some, or try again later."));
  }

private:
  void leave() noexcept {
    auto& all = host_.guests();
    if (place_ != all.end())
      all.erase(std::exchange(place_, all.end()));
  }

  // -- reading ----------------------------------------------------------------

  void await_request() {
    parser_.emplace();
    parser_->header_limit(host_.limits().max_header);
    parser_->body_limit(boost::none);
    header_bytes_ = 0;
    head_only_ = false;
    if (buffer_.size() > 0)
      stream_.expires_after(host_.limits().header_time);
    parse_header();
  }

  // Parses what is there. Beast's own limit is for what it has not consumed
  // yet: any number of short fields would pass.
  void parse_header() {
    beast_error err = http::error::need_more;
    if (buffer_.size() > 0) {
      auto used = parser_->put(buffer_.data(), err);
      buffer_.consume(used);
      header_bytes_ += used;
    }
    auto more = err == http::error::need_more;
    auto size = header_bytes_ + (more ? buffer_.size() : 0);
    if (size > host_.limits().max_header)
      fail_header();
    else if (err && !more)
      fail(err);
    else if (parser_->is_header_done())
      on_header();
    else
      read_header();
  }

  void read_header() {
    stream_.async_read_some(buffer_.prepare(read_size),
                            [self = shared_from_this()](auto err, auto size) {
                              if (!err)
                                self->on_bytes(size);
                            });
  }

  void on_bytes(std::size_t size) {
    // The first request shares its limit with the connection's start.
    if (buffer_.size() == 0 && header_bytes_ == 0
        && !std::exchange(fresh_, false))
      stream_.expires_after(host_.limits().header_time);
    buffer_.commit(size);
    parse_header();
  }

  void on_header() {
    auto& head = parser_->get();
    auto line = head.method_string().size() + head.target().size() + 10;
    if (line > host_.limits().max_request_line)
      fail(414, "The first line of the request is too long.");
    else if (head.find(http::field::expect) != head.end())
      fail(417, "This server has no use for expectations.");
    else if (parser_->is_done())
      on_request();
    else
      fail(413, "Nothing here takes a request with a body.");
  }

  // -- answering --------------------------------------------------------------

  void on_request() {
    answering_ = true;
    auto& all = host_.guests();
    if (place_ != all.end())
      all.splice(all.end(), all, place_);
    auto& head = parser_->get();
    keep_ = head.keep_alive();
    head_only_ = head.method() == http::verb::head;
    request_ = {};
    request_.method = std::string{head.method_string()};
    request_.target = std::string{head.target()};
    for (auto& x : head)
      if (x.name() == http::field::host)
        request_.hosts.emplace_back(x.value());
      else if (x.name() == http::field::origin)
        request_.origins.emplace_back(x.value());
    if (!needs_pools(request_)) {
      reply(0);
      return;
    }
    bell_->expires_after(host_.limits().look_time);
    auto look = host_.look(bell_);
    // Rings when the look has ended or took too long.
    bell_->async_wait(
      [self = shared_from_this(), look](auto) { self->reply(look); });
  }

  void reply(std::uint64_t look) {
    try {
      send(answer(request_, host_.facts(look)));
    } catch (const std::exception& what) {
      fail(500, std::string{"This is a defect: "} + what.what());
    }
  }

  // Answers what could not be read, if there is anybody left to hear it.
  void fail(beast_error err) {
    auto no_http
      = err.category() == beast_error{http::error::bad_line_ending}.category();
    if (err == http::error::header_limit)
      fail_header();
    else if (err == http::error::bad_version)
      fail(505, "This server speaks HTTP/1.0 and HTTP/1.1.");
    else if (no_http && err != http::error::end_of_stream
             && err != http::error::partial_message)
      fail(400, "The request is no valid HTTP: " + err.message() + '.');
  }

  void fail_header() {
    if (parser_->get().target().empty())
      fail(414, "The first line of the request is too long.");
    else
      fail(431, "The header of the request is too long.");
  }

  void fail(unsigned status, std::string detail) {
    keep_ = false;
    send(problem(status, detail));
  }

  void send(admin_response x) {
    answering_ = false;
    response_ = {};
    response_.version(11);
    response_.result(x.status);
    response_.reason(std::string{status_title(x.status)});
    response_.set(http::field::date, http_date());
    response_.set(http::field::content_type, x.type);
    response_.set(http::field::cache_control, "no-store");
    response_.set("X-Content-Type-Options", "nosniff");
    response_.set("Content-Security-Policy",
                  "default-src 'none'; img-src data:; frame-ancestors 'none'");
    for (auto& [name, value] : x.headers)
      response_.set(name, value);
    response_.keep_alive(keep_);
    response_.content_length(x.body.size());
    if (!head_only_)
      response_.body() = std::move(x.body);
    stream_.expires_after(host_.limits().write_time);
    http::async_write(
      stream_, response_,
      [self = shared_from_this()](auto err, auto) { self->on_sent(err); });
  }

  void on_sent(beast_error err) {
    if (err)
      return; // closes
    if (keep_) {
      stream_.expires_after(host_.limits().idle_time);
      await_request();
      return;
    }
    // Closing with unread bytes would destroy the answer on its way.
    stream_.socket().shutdown(tcp::socket::shutdown_send, err);
    stream_.expires_after(linger_time);
    linger(linger_reads);
  }

  void linger(int reads) {
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(read_size),
                            [self = shared_from_this(), reads](auto err, auto) {
                              if (!err && reads > 0)
                                self->linger(reads - 1);
                            });
  }

  beast::tcp_stream stream_;
  session_host& host_;
  const bool welcome_;
  guest_list::iterator place_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::empty_body>> parser_;
  /// Of the present header, without what is still in the buffer.
  std::size_t header_bytes_ = 0;
  admin_request request_;
  http::response<http::string_body> response_;
  std::shared_ptr<net::steady_timer> bell_;
  bool fresh_ = true;
  /// The next step is ours.
  bool answering_ = false;
  bool keep_ = false;
  bool head_only_ = false;
};

} // namespace

void serve_session(tcp::socket socket, session_host& host) {
  std::make_shared<session>(std::move(socket), host, true)->serve();
}

void refuse_session(tcp::socket socket, session_host& host) {
  std::make_shared<session>(std::move(socket), host, false)->refuse();
}

} // namespace caf_pool::detail
