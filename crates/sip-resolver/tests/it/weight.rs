use std::cmp::Reverse;
use std::collections::HashMap;

use offhook_sip_resolver::{Plan, Policy, Step};

use crate::zone::{Counter, Zone};

/// How often each port comes first, and each order as a whole.
fn draws(weights: &[u16], times: u32) -> (HashMap<u16, u32>, HashMap<Vec<u16>, u32>) {
    let mut lines = "one.example.com 60 A 192.0.2.1\n".to_owned();
    for (weight, port) in weights.iter().zip(1_u16..) {
        lines += &format!("_sip._tls.example.com 60 SRV 10 {weight} {port} one.example.com\n");
    }
    let zone = Zone::new(&lines);
    let mut plan = Plan::new("example.com".parse().unwrap(), Policy::room_os());
    while let Step::Ask(questions) = plan.step() {
        for question in questions {
            plan.answer(&question, zone.reply(&question));
        }
    }
    let location = plan.locate().unwrap();
    let mut entropy = Counter(42);
    let (mut first, mut orders) = (HashMap::new(), HashMap::new());
    for _ in 0..times {
        let found = location.draw(&mut entropy).unwrap();
        let order: Vec<u16> = found
            .hops()
            .iter()
            .map(|hop| hop.address().port())
            .collect();
        assert_eq!(order.len(), weights.len());
        *first.entry(order[0]).or_default() += 1;
        *orders.entry(order).or_default() += 1;
    }
    (first, orders)
}

/// The chances of each order by RFC 2782: those of weight 0 in front, in any order with the same
/// chance, then from heavy to light, a draw from 0 to the sum, the first running sum that reaches it.
fn chance(weights: &[u16], order: &[u16]) -> f64 {
    let is_zero = |port: &&u16| weights[usize::from(**port) - 1] == 0;
    let zeros = order.iter().filter(is_zero).count();
    // Those of weight 0 never overtake one another: this is their one order of so many.
    let mut factor = 1.0;
    for count in 1..=u32::try_from(zeros).unwrap() {
        factor /= f64::from(count);
    }
    factor * chance_of_weights(weights, order)
}

fn chance_of_weights(weights: &[u16], order: &[u16]) -> f64 {
    let mut rest: Vec<(u16, u16)> = weights.iter().copied().zip(1_u16..).collect();
    let place = |port: u16| order.iter().position(|other| *other == port);
    rest.sort_by_key(|(weight, port)| match *weight {
        0 => (false, Reverse(0), place(*port)),
        weight => (true, Reverse(weight), None),
    });
    let mut chance = 1.0;
    for port in order {
        let sum: u32 = rest.iter().map(|(weight, _)| u32::from(*weight)).sum();
        let mut running = 0_u32;
        let mut from = 0;
        for (weight, other) in &rest {
            running += u32::from(*weight);
            if other == port {
                break;
            }
            from = running + 1;
        }
        let hits = (running + 1).saturating_sub(from);
        if rest.len() > 1 {
            chance *= f64::from(hits) / f64::from(sum + 1);
        }
        rest.retain(|(_, other)| other != port);
    }
    chance
}

#[test]
fn servers_of_one_priority_are_drawn_as_the_standard_says() {
    // 99.9 % points of chi-square: 10.8 for one degree of freedom, 20.5 for five,
    // 49.7 for 23.
    for (weights, possible, limit) in [
        (vec![10, 20, 70], 6, 20.5),
        (vec![1, 2, 3], 6, 20.5),
        (vec![0, 5, 5], 6, 20.5),
        (vec![65_535, 65_535, 65_535], 6, 20.5),
        (vec![0, 10, 20, 30], 24, 49.7),
        (vec![0, 0], 2, 10.8),
        (vec![0, 0, 0], 6, 20.5),
        (vec![0, 0, 0, 0], 24, 49.7),
        (vec![0, 0, 10], 6, 20.5),
        (vec![0, 0, 10, 20], 24, 49.7),
    ] {
        let times = 100_000;
        let (_, orders) = draws(&weights, times);
        let mut chi_square = 0.0;
        for (order, count) in &orders {
            let expected = chance(&weights, order) * f64::from(times);
            chi_square += (f64::from(*count) - expected).powi(2) / expected;
        }
        assert_eq!(orders.len(), possible, "{weights:?}");
        assert!(chi_square < limit, "{weights:?}: {chi_square}");
    }
}

#[test]
fn a_server_of_weight_zero_is_drawn_seldom_but_not_never() {
    let times = 20_000;
    let expected = f64::from(times) / 100.0;
    for (weights, port) in [([0, 99], 1), ([99, 0], 2)] {
        let (first, _) = draws(&weights, times);
        let seldom = f64::from(first[&port]);
        assert!(
            (seldom - expected).abs() < 4.0 * expected.sqrt(),
            "{seldom} of {times}"
        );
    }
}

#[test]
fn lower_priorities_never_come_before_higher_ones() {
    let zone = Zone::new(
        "
        _sip._tls.example.com 60 SRV 20 65535 2 one.example.com
        _sip._tls.example.com 60 SRV 10 0 1 one.example.com
        one.example.com 60 A 192.0.2.1
        ",
    );
    let found = zone.resolve("example.com", Policy::room_os()).unwrap();
    let ports: Vec<u16> = found
        .hops()
        .iter()
        .map(|hop| hop.address().port())
        .collect();
    assert_eq!(ports, [1, 2]);
}
