//! kill -9 at random instants.

use std::time::{Duration, Instant};

use crate::{common::Random, world::World};

/// Kills the program at random instants of a run and starts it again, until one run comes to its end; that is done again
/// until there were enough kills. `TORDESC_KILLS` tells how many.
#[test]
fn killed_at_any_instant_it_ends_as_an_undisturbed_run() {
    let wanted: u32 = std::env::var("TORDESC_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    let (world, folder) = (World::new(), tempfile::tempdir().expect("a folder"));
    let undisturbed = world.place(folder.path().join("undisturbed"));
    let began = Instant::now();
    let run = undisturbed.collect();
    let mut whole = began.elapsed();
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let expected = undisturbed.holds();
    assert!(expected.out.len() > 100, "{} documents", expected.out.len());
    let (mut kills, mut amid, mut random, mut rounds) = (0, 0, Random::default(), 0);
    while kills < wanted {
        rounds += 1;
        let place = world.place(folder.path().join(rounds.to_string()));
        place.share_secrets(&undisturbed);
        // No more than some in a row, so that the first minutes of a place are seen often.
        for before in 0..8 {
            let began = Instant::now();
            let mut child = place.start();
            let instant = whole.mul_f64(random.next());
            while began.elapsed() < instant && child.try_wait().expect("a child").is_none() {
                std::thread::sleep(Duration::from_micros(200));
            }
            if let Some(status) = child.try_wait().expect("a child") {
                assert_eq!(status.code(), Some(0), "after {kills} kills");
                if before == 0 {
                    // Whoever goes on after a kill has less to do.
                    whole = whole.min(began.elapsed());
                }
                break;
            }
            child.kill().expect("a child");
            child.wait().expect("a child");
            kills += 1;
            amid += u32::from(place.path("out/relay-descriptors").exists());
            place.check_nothing_is_half(&expected);
            if kills >= wanted {
                break;
            }
        }
        let run = place.collect();
        assert_eq!(run.code, 0, "after {kills} kills: {}{}", run.stdout, run.stderr);
        place.holds().assert_same(&expected, &format!("after {kills} kills"));
        std::fs::remove_dir_all(place.path("")).expect("it is ours");
    }
    println!("{kills} kills in {rounds} places, {amid} of them amid the writing; a run takes {whole:?}");
    assert!(amid > 0, "no kill came while files were written");
}
