#include "caf_pool/caf/caf_compat.hpp"

namespace caf_pool {

namespace detail {

#if CAF_POOL_CAF_1

constexpr auto our_category = caf::type_id_v<errc>;

caf::error make_caf_error(errc code, std::string text, std::string state) {
  return caf::make_error(code, std::move(text), std::move(state));
}

#else

constexpr auto our_category = caf::atom("caf_pool");

caf::error make_caf_error(errc code, std::string text, std::string state) {
  return {static_cast<std::uint8_t>(code), our_category,
          caf::make_message(std::move(text), std::move(state))};
}

#endif

error read_caf_error(const caf::error& x) {
  if (x.category() != our_category)
    return {};
  auto result = error{static_cast<errc>(x.code()), {}, {}};
  if (auto& context = x.context();
      context.match_elements<std::string, std::string>()) {
    result.message = context.get_as<std::string>(0);
    result.state = context.get_as<std::string>(1);
  }
  return result;
}

} // namespace detail

error from_caf(const caf::error& x) {
  if (!x)
    return {};
  if (auto ours = detail::read_caf_error(x); ours.code != errc::none)
    return ours;
  if (x == caf::sec::request_receiver_down)
    return {errc::restarted,
            "the actor that was asked is gone; nothing was done, ask again",
            {}};
  if (x == caf::sec::request_timeout)
    return {errc::acquire_timeout, "no answer within the limit", {}};
  if (x == caf::exit_reason::remote_link_unreachable
      || x == caf::sec::cannot_connect_to_node
      || x == caf::sec::no_route_to_receiving_node)
    return {errc::node_unreachable,
            "the node cannot be reached; check that it runs and where it "
            "listens",
            {}};
  return {errc::internal,
          "unexpected error of the actor system: " + caf::to_string(x),
          {}};
}

} // namespace caf_pool
