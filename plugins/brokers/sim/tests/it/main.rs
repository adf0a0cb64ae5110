//! Tests of the simulated broker through its public face, one module per subject.

#[cfg(test)]
mod scenario;
#[cfg(test)]
mod world;

#[cfg(test)]
mod ahead;
#[cfg(test)]
mod alpaca_groups;
#[cfg(test)]
mod alpaca_orders;
#[cfg(test)]
mod costs;
#[cfg(test)]
mod extended;
#[cfg(test)]
mod hands;
#[cfg(test)]
mod margin;
#[cfg(test)]
mod market;
#[cfg(test)]
mod matching;
#[cfg(test)]
mod moments;
#[cfg(test)]
mod orders;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod trailing;
